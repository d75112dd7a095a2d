import { randomBytes } from 'node:crypto';
import { closeSync, constants, lstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeHeadNote, HEAD_NOTE_FILE } from '../../shared/audit/head-note.ts';
import {
  decodeParamsKeys,
  encodeParamsKeys,
  PARAMS_KEYS_BYTES,
  PARAMS_KEYS_FILE,
  PARAMS_KEYS_MAXIMUM,
  type ParamsKey,
  paramsKey,
} from '../../shared/audit/params-hash.ts';
import { writeWholeFile } from '../../shared/whole-file.ts';
import { STATE_MODE, whyNotOwn } from './log-file.ts';
import { errorCode } from './unavailable.ts';

/** What came of making a new key. */
export interface RenewedKey {
  readonly made: ParamsKey;
  readonly before: ParamsKey;
  /** The oldest one, which was forgotten; null: all are kept. */
  readonly forgotten: ParamsKey | null;
  /** How many are kept, the new one with them. */
  readonly kept: number;
}

/** The keys under which params are recorded: the present one, and those before it. */
export interface ParamsKeys {
  readonly present: ParamsKey;
  /**
   * Makes a new key where the present one is older, and has it on disk before it counts. Returns null where it is not.
   * @param days age in days, from 1; null: no age is too high
   * @throws the system's where it cannot be written; the present key stays
   */
  renew(days: number | null): RenewedKey | null;
}

const KEY_BYTES = 32;
const DAY_MS = 86_400_000;

/**
 * Reads the keys from the state folder, or makes one where no record was written yet: called once at start, before the
 * first record. Throws Error "Cannot load the params keys: …" for a file that is missing though the head note knows
 * records, not exactly what was written, readable by others, or another's (A16).
 * @param now milliseconds since 1970
 */
export function openParamsKeys(stateFolder: string, now: () => number = Date.now): ParamsKeys {
  const path = join(stateFolder, PARAMS_KEYS_FILE);
  const make = (): ParamsKey => paramsKey(randomBytes(KEY_BYTES), new Date(now()).toISOString());
  let keys: readonly [ParamsKey, ...ParamsKey[]];
  try {
    const text = readKeysFile(path);
    if (text === null && knowsRecords(join(stateFolder, HEAD_NOTE_FILE)))
      throw new Error('it is missing, and the head note knows records that were made with them');
    keys = text === null ? [make()] : decodeParamsKeys(text);
    if (text === null) writeWholeFile(path, encodeParamsKeys(keys), STATE_MODE);
  } catch (error) {
    throw new Error(`Cannot load the params keys: ${error instanceof Error ? error.message : 'unknown'}`, {
      cause: error,
    });
  }
  return {
    get present() {
      return keys[0];
    },
    renew(days) {
      const [before] = keys;
      if (days === null || !isOver(before, days, now())) return null;
      const made = make();
      const forgotten = keys.length < PARAMS_KEYS_MAXIMUM ? null : (keys.at(-1) ?? null);
      const next: typeof keys = [made, ...keys.slice(0, PARAMS_KEYS_MAXIMUM - 1)];
      writeWholeFile(path, encodeParamsKeys(next), STATE_MODE);
      keys = next;
      return { made, before, forgotten, kept: next.length };
    },
  };
}

/** A key of tomorrow was made while the clock was wrong: it would otherwise be the last one for as long. */
function isOver({ created }: ParamsKey, days: number, now: number): boolean {
  const age = now - Date.parse(created);
  return age >= days * DAY_MS || age < -DAY_MS;
}

function readKeysFile(path: string): string | null {
  try {
    const why = whyNotOwn(lstatSync(path), STATE_MODE);
    if (why !== null) throw new Error(`it ${why}`);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const bytes = readFileSync(file);
    return bytes.length > PARAMS_KEYS_BYTES ? '' : bytes.toString('latin1');
  } finally {
    closeSync(file);
  }
}

function knowsRecords(headPath: string): boolean {
  try {
    const { standing, writing } = decodeHeadNote(readFileSync(headPath));
    // The first record of a chain has no params: it is the reset that began it, or the daemon's start.
    return (writing ?? standing).seq > 1;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
