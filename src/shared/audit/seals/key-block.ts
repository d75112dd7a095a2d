import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { KEY_BYTES, publicKeyOf } from './ed25519.ts';
import { makeSealLine } from './seal.ts';

/** The head of a seal that is being written. */
export interface PendingSeal {
  readonly seq: number;
  readonly hash: string;
  readonly time: string;
  /** The next epoch's secret. */
  readonly next: Buffer;
}

/** What the monitor keeps, in its own state, to make the next seal. */
export interface KeyBlock {
  /** What the keys are bound to: this application's id of the machine; null: to nothing. */
  readonly machine: string | null;
  /** The epoch that is open: that of `secret`. */
  readonly epoch: number;
  readonly secret: Buffer;
  /** Hash of the line of the last seal that is known to be on disk, and where that line ends. */
  readonly prev: string;
  readonly bytes: number;
  /** null: no seal is being written. */
  readonly pending: PendingSeal | null;
}

export const KEY_BLOCK_FILE = 'audit-seal-keys';
/** The block's length: one disk sector, written over in place, so that a power cut leaves the old block or the new one. */
export const KEY_BLOCK_BYTES = 512;

/** Secrets stand behind the text as bytes: a string could not be overwritten in memory. */
const TEXT_BYTES = KEY_BLOCK_BYTES - 2 * KEY_BYTES;
const KEY = '([A-Za-z0-9+/]{43}=)';
const TEXT = new RegExp(
  '^\\{"version":1,"machine":(?:null|"([0-9a-f]{32})"),"epoch":([1-9][0-9]{0,15}),' +
    `"key":"${KEY}","prev":"([0-9a-f]{64})","bytes":([0-9]{1,16}),"pending":(?:null|` +
    '\\{"seq":([1-9][0-9]{0,15}),"hash":"([0-9a-f]{64})",' +
    `"time":"([0-9T:.Z-]{27})","next":"${KEY}"\\})\\} *\\n$`,
);

/** The block; the caller overwrites it when it is written. */
export function encodeKeyBlock({ machine, epoch, secret, prev, bytes, pending }: KeyBlock): Buffer {
  const pendingText =
    pending === null
      ? 'null'
      : `{"seq":${pending.seq},"hash":"${pending.hash}","time":"${pending.time}","next":"${base64Key(pending.next)}"}`;
  const text =
    `{"version":1,"machine":${machine === null ? 'null' : `"${machine}"`},"epoch":${epoch},` +
    `"key":"${base64Key(secret)}","prev":"${prev}","bytes":${bytes},"pending":${pendingText}}`;
  const block = Buffer.alloc(KEY_BLOCK_BYTES);
  block.write(`${text.padEnd(TEXT_BYTES - 1)}\n`, 'latin1');
  secret.copy(block, TEXT_BYTES);
  pending?.next.copy(block, TEXT_BYTES + KEY_BYTES);
  return block;
}

/**
 * Reads a block. Its secrets are copies: neither they nor the block are overwritten here. Throws Error
 * "Cannot read the keys of the audit seals: …" where it is not exactly what is written, so that a secret that was
 * changed is not signed with.
 */
export function decodeKeyBlock(block: Buffer): KeyBlock {
  const parts = block.length === KEY_BLOCK_BYTES ? TEXT.exec(block.toString('latin1', 0, TEXT_BYTES)) : null;
  if (parts === null) refuse('they are not in the form of keys');
  const [, machine = null, epochText, key, prev = '', bytesText, seqText, hash = '', time = '', nextKey] =
    parts;
  const secret = copyOf(block, TEXT_BYTES);
  const next = copyOf(block, TEXT_BYTES + KEY_BYTES);
  const [epoch, bytes, seq] = [Number(epochText), Number(bytesText), Number(seqText ?? 1)];
  const pending = seqText === undefined ? null : { seq, hash, time, next };
  const isRight =
    base64Key(secret) === key &&
    (pending === null ? next.every((byte) => byte === 0) : base64Key(next) === nextKey);
  if (!isRight || ![epoch, bytes, seq].every(Number.isSafeInteger)) {
    refuse('a secret is not that of its public key');
  }
  return { machine, epoch, secret, prev, bytes, pending };
}

/** The seal that was being written, byte for byte as it was, since Ed25519 is deterministic; null for none. */
export function pendingLine({ epoch, secret, prev, pending }: KeyBlock): Buffer | null {
  if (pending === null) return null;
  const { seq, hash, time, next } = pending;
  return makeSealLine({ epoch, seq, hash, time, next: publicKeyOf(next), prev }, secret);
}

/** Writes the block in place and has it on disk. Throws what the system does. */
export async function writeKeyBlock(file: FileHandle, keys: KeyBlock): Promise<void> {
  const block = encodeKeyBlock(keys);
  try {
    const { bytesWritten } = await file.write(block, 0, KEY_BLOCK_BYTES, 0);
    if (bytesWritten !== KEY_BLOCK_BYTES) throw new Error('the write was short');
    await file.datasync();
  } finally {
    block.fill(0);
  }
}

/** Reads the block of an open file. Throws as `decodeKeyBlock`. */
export async function readKeyBlock(file: FileHandle): Promise<KeyBlock> {
  // One byte more than a block shows a file that is too long.
  const block = Buffer.alloc(KEY_BLOCK_BYTES + 1);
  try {
    const { bytesRead } = await file.read(block, 0, block.length, 0);
    return decodeKeyBlock(block.subarray(0, bytesRead));
  } finally {
    block.fill(0);
  }
}

/** Overwrites the secrets in memory. */
export function forgetSecrets({ secret, pending }: KeyBlock): void {
  secret.fill(0);
  pending?.next.fill(0);
}

/** Opens a block for reading; the caller closes it. O_NONBLOCK: a FIFO put in its place must not hold the reader up. */
export function openKeyBlock(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}

function base64Key(secret: Buffer): string {
  return publicKeyOf(secret).toString('base64');
}

function copyOf(block: Buffer, from: number): Buffer {
  // Buffer.from would take the copy from a pool that others share.
  const copy = Buffer.alloc(KEY_BYTES);
  block.copy(copy, 0, from, from + KEY_BYTES);
  return copy;
}

function refuse(why: string): never {
  throw new Error(`Cannot read the keys of the audit seals: ${why}`);
}
