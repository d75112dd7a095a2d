import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { NO_HASH } from '../../../shared/audit/record.ts';
import { makeSecret, publicKeyOf } from '../../../shared/audit/seals/ed25519.ts';
import {
  encodeKeyBlock,
  forgetSecrets,
  KEY_BLOCK_FILE,
  type KeyBlock,
  type PendingSeal,
  pendingLine,
  readKeyBlock,
  writeKeyBlock,
} from '../../../shared/audit/seals/key-block.ts';
import { parseSeal, SEAL_LINE_BYTES_MAXIMUM, type Seal } from '../../../shared/audit/seals/seal.ts';
import { sealsPath } from '../../../shared/audit/segments.ts';
import {
  createOwnFile,
  createWholeFile,
  LOG_MODE,
  lstatOrNull,
  type OwnFile,
  openOwnFile,
  STATE_MODE,
} from '../log-file.ts';
import { LogNotKnown } from '../log-not-known.ts';
import { readBytes } from '../tail.ts';
import { errorCode } from '../unavailable.ts';
import { completeBytes } from './complete.ts';

/** The keys and the file of the seals, open. One step at a time: no two may be under way. */
export interface SealStore {
  /** The epoch that is open. */
  readonly epoch: number;
  /** The record that was sealed last; 0 for none. */
  readonly sealed: number;
  /** Whether a seal is being written, or its writing failed: its epoch has not ended yet. */
  readonly isPending: boolean;
  /** Whether the keys are bound to a machine. */
  readonly bound: boolean;
  /** Ends the epoch with a seal of this record. Where it throws, `complete` goes on. */
  seal(pending: PendingSeal): Promise<void>;
  /** Goes on with the seal that is being written; does nothing where there is none. Throws what the system does. */
  complete(): Promise<void>;
  /** Closes the files and forgets the keys. */
  close(): Promise<void>;
}

const FIRST = { epoch: 1, prev: NO_HASH, bytes: 0, pending: null } as const;
export const CALLED_KEYS = 'the keys of its seals';
const CALLED_SEALS = 'the file of its seals';
const NEWLINE = 0x0a;

/** The keys of a log that has no seal yet, bound to `machine`. */
export function firstKeys(machine: string | null): KeyBlock {
  return { ...FIRST, machine, secret: makeSecret() };
}

export function keyFile(stateFolder: string): OwnFile {
  return { path: join(stateFolder, KEY_BLOCK_FILE), called: CALLED_KEYS, mode: STATE_MODE };
}

/**
 * Opens keys and seals of an earlier run, or makes them where `isNew`. A seal that was cut short is completed with exactly
 * the bytes that were being written; whatever else stands behind the last seal is refused. Throws Error with the reason.
 */
export async function openSealStore(
  logPath: string,
  stateFolder: string,
  machine: string | null,
  isNew: boolean,
): Promise<SealStore> {
  const sealFile = { path: sealsPath(logPath), called: CALLED_SEALS, mode: LOG_MODE };
  const opened: FileHandle[] = [];
  const keep = <Handle extends FileHandle | null>(handle: Handle): Handle => {
    if (handle !== null) opened.push(handle);
    return handle;
  };
  try {
    const foundKeys = keep(await openOwnFile(keyFile(stateFolder), constants.O_RDWR));
    const foundSeals = keep(await openOwnFile(sealFile, constants.O_RDWR));
    if (foundKeys === null && !(isNew && foundSeals === null)) {
      throw new LogNotKnown(`${CALLED_KEYS} are missing in the state folder`);
    }
    const keyHandle = foundKeys ?? keep(await makeKeyFile(stateFolder, machine));
    const keys = await readKeyBlock(keyHandle).catch((error: unknown) => {
      if (errorCode(error) !== null || !(error instanceof Error)) throw error;
      throw new LogNotKnown(error.message);
    });
    if (foundSeals === null && (keys.bytes > 0 || keys.pending !== null)) {
      throw new LogNotKnown(`${CALLED_SEALS} is missing, and ${keys.epoch - 1} seals were made`);
    }
    const seals = foundSeals ?? keep(await createOwnFile(sealFile, constants.O_RDWR, Buffer.alloc(0)));
    const last = await requireLastSeal(seals, keys);
    const store = holdSeals(keyHandle, { ...sealFile, handle: seals }, keys, last);
    await store.complete();
    return store;
  } catch (error) {
    await Promise.allSettled(opened.map((handle) => handle.close()));
    throw error;
  }
}

export async function makeKeyFile(stateFolder: string, machine: string | null): Promise<FileHandle> {
  const keys = firstKeys(machine);
  const block = encodeKeyBlock(keys);
  forgetSecrets(keys);
  return createWholeFile(keyFile(stateFolder), constants.O_RDWR, block).finally(() => block.fill(0));
}

/** A seal that is written to a file which was renamed or removed is lost to whoever verifies. */
async function requireNamed(seals: FileHandle, path: string): Promise<void> {
  const [own, named] = await Promise.all([seals.stat(), lstatOrNull(path)]);
  if (named === null) throw new Error(`${CALLED_SEALS} is gone`);
  if (named.ino !== own.ino || named.dev !== own.dev)
    throw new Error(`another file stands in the place of ${CALLED_SEALS}`);
}

/** The seal that the keys know as the last one, which named the key of the open epoch. */
async function requireLastSeal(file: FileHandle, keys: KeyBlock): Promise<Seal | null> {
  const { epoch, bytes, prev, pending, secret } = keys;
  const { size } = await file.stat();
  if (size < bytes)
    throw new LogNotKnown(`${CALLED_SEALS} is ${size} bytes long and was ${bytes}: seals were cut off`);
  if (size > bytes && pending === null) {
    throw new LogNotKnown(
      `${CALLED_SEALS} goes on behind the seal of epoch ${epoch - 1}, the last one that the state folder knows`,
    );
  }
  if (epoch === 1 && bytes === 0) return null;
  const from = Math.max(0, bytes - SEAL_LINE_BYTES_MAXIMUM);
  const found = await readBytes(file, from, bytes - from);
  const line = found.subarray(found.lastIndexOf(NEWLINE, found.length - 2) + 1, -1);
  const seal = found.at(-1) === NEWLINE ? parseSeal(line) : null;
  if (seal?.epoch !== epoch - 1 || seal.lineHash !== prev || !seal.next.equals(publicKeyOf(secret))) {
    throw new LogNotKnown(`the seal of epoch ${epoch - 1} is not the one that the state folder knows`);
  }
  return seal;
}

function holdSeals(
  keyHandle: FileHandle,
  { path, handle: seals }: OwnFile & { readonly handle: FileHandle },
  found: KeyBlock,
  last: Seal | null,
): SealStore {
  let keys = found;
  let sealed = last?.seq ?? 0;

  async function seal(pending: PendingSeal): Promise<void> {
    if (keys.pending !== null) throw new Error('a seal is being written already');
    keys = { ...keys, pending };
    await complete();
  }

  /**
   * State with both secrets, then the seal, then the state with the next secret alone: wherever this is cut, the same
   * seal can be made again or it stands, and no second seal of one epoch can.
   */
  async function complete(): Promise<void> {
    const { pending } = keys;
    const line = pendingLine(keys);
    if (pending === null || line === null) return;
    await requireNamed(seals, path);
    await writeKeyBlock(keyHandle, keys);
    await completeBytes(seals, keys.bytes, line, CALLED_SEALS);
    const { lineHash = '' } = parseSeal(line.subarray(0, -1)) ?? {};
    const { machine, epoch, bytes, secret } = keys;
    const next = {
      machine,
      epoch: epoch + 1,
      secret: pending.next,
      prev: lineHash,
      bytes: bytes + line.length,
    };
    await writeKeyBlock(keyHandle, { ...next, pending: null });
    secret.fill(0);
    keys = { ...next, pending: null };
    sealed = pending.seq;
  }

  return {
    get epoch() {
      return keys.epoch;
    },
    get sealed() {
      return sealed;
    },
    get isPending() {
      return keys.pending !== null;
    },
    bound: found.machine !== null,
    seal,
    complete,
    async close() {
      forgetSecrets(keys);
      await Promise.allSettled([keyHandle.close(), seals.close()]);
    },
  };
}
