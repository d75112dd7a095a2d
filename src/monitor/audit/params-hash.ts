import { createHash, createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { decodeHeadNote, HEAD_NOTE_FILE } from '../../shared/audit/head-note.ts';
import { STATE_MODE, whyNotOwn } from './log-file.ts';
import { errorCode } from './unavailable.ts';

/** The key under which params are recorded. The broker never has it (invariant 13). */
export interface ParamsKey {
  /** First 16 hex digits of SHA-256 of the key; stands beside every hash. */
  readonly id: string;
  readonly secret: KeyObject;
}

export const PARAMS_KEY_FILE = 'params-key.json';
const KEY_BYTES = 32;
const SHA256_BYTES = 32;
const FILE_BYTES_MAXIMUM = 256;
const CONTENT = /^\{"version":1,"id":"([0-9a-f]{16})","key":"([0-9a-f]{64})"\}\n$/;

/**
 * Reads the key from the state folder, or makes it where no record was written yet: called once at start, before the
 * first record. Throws Error "Cannot load the params key: …" for a key that is missing though the head note knows
 * records, short, readable by others, another's, or not the one its id names (A16).
 */
export function loadParamsKey(stateFolder: string): ParamsKey {
  const path = join(stateFolder, PARAMS_KEY_FILE);
  try {
    const text = readKeyFile(path) ?? makeKeyFile(path, stateFolder);
    const [, id = '', hex = ''] = CONTENT.exec(text) ?? [];
    const key = Buffer.from(hex, 'hex');
    if (key.length !== KEY_BYTES) throw new Error('it is not in the form of a key');
    if (id !== keyId(key)) throw new Error('its id is not that of its key');
    return { id, secret: createSecretKey(key) };
  } catch (error) {
    throw new Error(`Cannot load the params key: ${error instanceof Error ? error.message : 'unknown'}`, {
      cause: error,
    });
  }
}

/**
 * What a record says of a call's params: HMAC-SHA-256(key, method, NUL, sha256), hex.
 *
 * @param method the full method name; has no NUL
 * @param sha256 SHA-256 of the params' canonical JSON (RFC 8785), 32 bytes, as the broker sent it
 * @throws RangeError for another length, or a NUL in the method: two different calls could have one hash
 */
export function paramsHash(key: ParamsKey, method: string, sha256: Uint8Array): string {
  if (sha256.length !== SHA256_BYTES)
    throw new RangeError('Cannot hash the params: their digest is not 32 bytes long');
  if (method.includes('\0')) throw new RangeError('Cannot hash the params: the method name has a NUL');
  return createHmac('sha256', key.secret).update(`${method}\0`, 'utf8').update(sha256).digest('hex');
}

function keyId(key: Buffer): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 16);
}

function readKeyFile(path: string): string | null {
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
    return bytes.length > FILE_BYTES_MAXIMUM ? '' : bytes.toString('latin1');
  } finally {
    closeSync(file);
  }
}

/** Under another name first: a crash then leaves no short key, which the next start would refuse. */
function makeKeyFile(path: string, stateFolder: string): string {
  if (knowsRecords(join(stateFolder, HEAD_NOTE_FILE))) {
    throw new Error('it is missing, and the head note knows records that were made with it');
  }
  const key = randomBytes(KEY_BYTES);
  const text = `{"version":1,"id":"${keyId(key)}","key":"${key.toString('hex')}"}\n`;
  const unfinished = `${path}.new`;
  rmSync(unfinished, { force: true });
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  withDescriptor(openSync(unfinished, flags, STATE_MODE), (file) => {
    if (writeSync(file, text) !== text.length) throw new Error('it could not be written whole');
    fsyncSync(file);
  });
  renameSync(unfinished, path);
  withDescriptor(openSync(stateFolder, constants.O_RDONLY | constants.O_DIRECTORY), fsyncSync);
  return text;
}

function withDescriptor(file: number, use: (file: number) => void): void {
  try {
    use(file);
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
