import { closeSync, openSync } from 'node:fs';
import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { lockFile } from '../../posix/lock.ts';
import { parseJson } from '../../shared/json/parse.ts';
import { JsonRefused } from '../../shared/json/refusal.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../shared/json-value.ts';
import type { LogPosition } from '../audit/log-position.ts';
import { Failure, reasonOf } from '../failure.ts';
import type { Progress } from './flight.ts';

/** How far a sink is, on disk. */
export interface PositionFile {
  readonly progress: Progress;
  /** Has it on disk when it settles: all of it, or what was there before. Throws the system's. */
  save(progress: Progress): Promise<void>;
  /** Lets another shipper have it. */
  close(): void;
}

const VERSION = 1;
const FILE_MODE = 0o600;
const LIMITS = { depth: 4, keys: 32 };
const HASH = /^[0-9a-f]{64}$/u;
const NOTHING: Progress = { taken: null, sent: null, missed: 0 };

/**
 * Opens the position at `path`, or begins one; nobody else can until it is closed.
 * Throws `Failure` (other) where another shipper has it, where it is not one, and where it cannot be written.
 */
export async function openPositionFile(path: string): Promise<PositionFile> {
  const refuse = (why: string): Failure => new Failure('other', `Cannot use the position ${path}: ${why}`);
  let lock: number | null = null;
  try {
    // A file of its own, since the position is another file each time.
    const opened = openSync(`${path}.lock`, 'a', FILE_MODE);
    lock = opened;
    if (!lockFile(opened)) throw refuse('another shipper has it');
    const progress = await readProgress(path);
    if (progress === null) throw refuse('it is not one; remove it to ship the whole log');
    // What cannot be written is better known now.
    await writeProgress(path, progress);
    return { progress, save: (next) => writeProgress(path, next), close: () => closeSync(opened) };
  } catch (error) {
    if (lock !== null) closeSync(lock);
    throw error instanceof Failure ? error : refuse(reasonOf(error));
  }
}

async function writeProgress(path: string, progress: Progress): Promise<void> {
  const next = `${path}.new`;
  const file = await open(next, 'w', FILE_MODE);
  try {
    await file.writeFile(`${JSON.stringify({ version: VERSION, ...progress })}\n`);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(next, path);
  const folder = await open(dirname(path), 'r');
  await folder.sync().finally(() => folder.close());
}

/** Nothing where there is no file; null where there is something else. */
async function readProgress(path: string): Promise<Progress | null> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return NOTHING;
    throw error;
  }
  const value = parsed(bytes);
  if (!isJsonObject(value) || value['version'] !== VERSION) return null;
  const { taken = null, sent = null, missed } = value;
  if (!isCount(missed) || !(taken === null || isPosition(taken)) || !(sent === null || isRecord(sent))) {
    return null;
  }
  return { taken, sent, missed };
}

function parsed(bytes: Buffer): JsonValue {
  try {
    return parseJson(bytes, LIMITS);
  } catch (error) {
    if (error instanceof JsonRefused) return null;
    throw error;
  }
}

type Known<Type> = JsonObject & Type;

function isPosition(value: JsonValue): value is Known<LogPosition & JsonObject> {
  return isRecord(value) && isCount(value['segment']) && isCount(value['offset']);
}

function isRecord(value: JsonValue): value is Known<{ seq: number; hash: string }> {
  if (!isJsonObject(value)) return false;
  const { seq, hash } = value;
  return isCount(seq) && typeof hash === 'string' && HASH.test(hash);
}

function isCount(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
