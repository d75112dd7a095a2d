import { closeSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { HEAD_NOTE_FILE } from '../../shared/audit/head-note.ts';
import {
  KEY_FILE_BYTES_MAXIMUM,
  parseKeys,
  type VerificationKey,
} from '../../shared/audit/seals/verification-key.ts';
import { logOf } from '../../shared/audit/segments.ts';
import { Failure, reasonOf } from '../failure.ts';
import type { Invocation } from '../invocation.ts';
import { auditLogPath, stateFolder } from './places.ts';

/** A log, and what it can be proven by. */
export interface ToVerify {
  readonly path: string;
  /** Whether its files are a part of it, which may begin and end anywhere. */
  readonly isPart: boolean;
  /** The monitor's state folder; null: there is none to prove it by. */
  readonly state: string | null;
  /** Why there is none; null where there is. */
  readonly whyNoState: string | null;
}

/**
 * The log that a command line means: files or a folder, wherever they were copied to, else this host's. A copy has no
 * state unless `--state` names one. Throws `Failure`.
 */
export function whatToVerify(invocation: Invocation): ToVerify {
  const { options, operands, environment } = invocation;
  const copy = operands.length === 0 ? null : copiedLog(operands, basename(auditLogPath(invocation)));
  const path = copy?.path ?? auditLogPath(invocation);
  const isPart = copy?.isPart ?? false;
  const state = stateFolder(invocation);
  const isNamed = options.state !== undefined || (copy === null && Boolean(environment['DRIVERD_STATE']));
  if (isNamed) return { path, isPart, state, whyNoState: null };
  if (copy !== null) return { path, isPart, state: null, whyNoState: 'a copy has none' };
  const why = whyNotReadable(join(state, HEAD_NOTE_FILE));
  // A state folder that is gone on a host whose log is there is for its admin to look at, and not to be passed over.
  const isHere = options.log === undefined && !environment['DRIVERD_LOG'];
  const isUsed = why === null || (isHere && why !== NOT_PERMITTED);
  return isUsed ? { path, isPart, state, whyNoState: null } : { path, isPart, state: null, whyNoState: why };
}

const NOT_PERMITTED = 'permission denied';

function whyNotReadable(path: string): string | null {
  try {
    closeSync(openSync(path, 'r'));
    return null;
  } catch (error) {
    return reasonOf(error);
  }
}

/** @param usual the name of a log in a folder that does not tell it */
function copiedLog(operands: readonly string[], usual: string): Pick<ToVerify, 'path' | 'isPart'> {
  const logs = operands.map((operand) => {
    const path = resolve(operand);
    return isFolder(path) ? { path: logIn(path, usual), isPart: false } : { path: logOf(path), isPart: true };
  });
  const [first, ...others] = logs;
  if (first === undefined || others.some(({ path }) => path !== first.path)) {
    throw new Failure('usage', 'Cannot verify: the files are of more than one log; name one, or its folder');
  }
  return { path: first.path, isPart: logs.every(({ isPart }) => isPart) };
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw new Failure('other', `Cannot verify the audit log ${path}: ${reasonOf(error)}`);
  }
}

/** The one log of a folder, told by its seals. */
function logIn(folder: string, usual: string): string {
  const seals = readdirSync(folder).filter((name) => name.endsWith('-seals.jsonl'));
  const [only, ...others] = seals;
  if (others.length > 0) {
    throw new Failure('usage', `Cannot verify: ${folder} holds more than one log; name a file of one`);
  }
  return only === undefined ? join(folder, usual) : logOf(join(folder, only));
}

/** The keys of `--key FILE`; none where it is not given. Throws `Failure`. */
export function keptKeys({ options }: Pick<Invocation, 'options'>): readonly VerificationKey[] {
  const { key } = options;
  if (key === undefined) return [];
  try {
    if (statSync(key).size > KEY_FILE_BYTES_MAXIMUM) throw new Error('it is no file of keys');
    return parseKeys(readFileSync(key, 'latin1'));
  } catch (error) {
    throw new Failure('other', `Cannot read the key ${key}: ${reasonOf(error)}`);
  }
}
