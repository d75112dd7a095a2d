import { constants } from 'node:fs';
import { type FileHandle, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { compressedPath, segmentOf } from '../../shared/audit/segments.ts';
import { createOwnFile, LOG_MODE, openOwnFile, syncFolder, writeAll } from './log-file.ts';
import { freeBytes } from './space.ts';

/** What a compressed segment is called until it is known to be good. */
const UNFINISHED = '.new';
/** What is compressed at once, as a member of its own: a gzip file is any number of them (RFC 1952, section 2.2). */
const PIECE_BYTES = 262_144;
/** Holds what comes of a piece, also of one that does not compress (zlib's compressBound adds less), so that it is one block. */
const BLOCK_BYTES = PIECE_BYTES + 4_096;
/** Takes half as long as gzip's own 6, which makes 7 percent less of records: calls wait for processors more than logs for disks. */
const COMPRESSION_LEVEL = 3;

const DIFFERS = 'it does not give back the same bytes';

/** Puts a compressed segment in the place of a plain one. Rejects with why it could not. */
export type Compress = (path: string, signal: AbortSignal) => Promise<void>;

/**
 * Puts a compressed segment in the place of a plain one: the plain one goes only once the other is on disk and gives back
 * the same bytes. A crash at any point leaves the plain one, or the good compressed one, or both. It works in pieces, on
 * the thread that calls it, and holds two of them at a time, plain and compressed.
 *
 * @param path of the closed segment
 * @throws what reading, writing or the signal throws, and Error where the bytes differ or there is no room
 */
export async function compressSegment(path: string, signal: AbortSignal): Promise<void> {
  const compressed = compressedPath(path);
  const unfinished = unfinishedPath(path);
  await rm(unfinished, { force: true });
  const source = await openOwnFile({ path, called: 'the segment', mode: LOG_MODE }, constants.O_RDONLY);
  if (source === null) throw new Error('the segment is gone');
  try {
    await requireRoom(path, (await source.stat()).size);
    await writeCompressed(source, unfinished, signal);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  } finally {
    await source.close();
  }
  await rename(unfinished, compressed);
  await syncFolder(path);
  await rm(path);
  await syncFolder(path);
}

/** Where what is compressed of a segment stands until it is whole. */
export function unfinishedPath(path: string): string {
  return `${compressedPath(path)}${UNFINISHED}`;
}

/** What does not compress takes as much again; the last room of a disk is the log's own. */
async function requireRoom(path: string, bytes: number): Promise<void> {
  const free = await freeBytes(path);
  if (free === null || free >= bytes) return;
  throw Object.assign(new Error(`${free} bytes are free and it may take ${bytes}`), { code: 'ENOSPC' });
}

async function writeCompressed(source: FileHandle, path: string, signal: AbortSignal): Promise<void> {
  const target = { path, called: 'the compressed segment', mode: LOG_MODE };
  const file = await createOwnFile(target, constants.O_RDWR, Buffer.alloc(0));
  try {
    const members = await writeMembers(source, file, signal);
    await file.sync();
    await requireSame(source, file, members, signal);
  } finally {
    await file.close();
  }
}

/** Returns the length of each member that was written. */
async function writeMembers(source: FileHandle, file: FileHandle, signal: AbortSignal): Promise<number[]> {
  const piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
  const lengths: number[] = [];
  for (let offset = 0; ; offset += PIECE_BYTES) {
    signal.throwIfAborted();
    const plain = await readPiece(source, piece, offset);
    lengths.push(await writeMember(file, plain));
    if (plain.length < PIECE_BYTES) return lengths;
  }
}

async function writeMember(file: FileHandle, plain: Buffer): Promise<number> {
  const member = gzipSync(plain, { level: COMPRESSION_LEVEL, chunkSize: BLOCK_BYTES });
  const { length } = member;
  await writeAll(file, member);
  free(member);
  return length;
}

async function requireSame(
  source: FileHandle,
  file: FileHandle,
  members: readonly number[],
  signal: AbortSignal,
): Promise<void> {
  const [piece, compressed] = [Buffer.allocUnsafeSlow(PIECE_BYTES), Buffer.allocUnsafeSlow(BLOCK_BYTES)];
  let [offset, end] = [0, 0];
  for (const length of members) {
    signal.throwIfAborted();
    const plain = await readPiece(source, piece, offset);
    requireGives(plain, await readPiece(file, compressed.subarray(0, length), end));
    offset += PIECE_BYTES;
    end += length;
  }
  if ((await file.stat()).size !== end) throw new Error(DIFFERS);
}

function requireGives(plain: Buffer, member: Buffer): void {
  const given = gunzipSync(member, { chunkSize: BLOCK_BYTES, maxOutputLength: PIECE_BYTES });
  if (!given.equals(plain)) throw new Error(DIFFERS);
  free(given);
}

/**
 * Frees at once what zlib wrote into. That is outside of V8's heap, and V8 would collect it when that is full: by then dozens of
 * megabytes wait, and the process keeps their room.
 */
function free({ buffer }: Buffer): void {
  // Of another length would be a block that belongs to others too.
  if (buffer instanceof ArrayBuffer && buffer.byteLength === BLOCK_BYTES) buffer.transfer(0);
}

/** Fills the buffer with what stands at `offset`; less at the end of the file. */
async function readPiece(file: FileHandle, piece: Buffer, offset: number): Promise<Buffer> {
  let filled = 0;
  while (filled < piece.length) {
    const { bytesRead } = await file.read(piece, filled, piece.length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return piece.subarray(0, filled);
}

/** Removes what a crash left of compressing. Throws what the system throws. */
export async function removeUnfinished(path: string): Promise<void> {
  for (const name of await readdir(dirname(path))) {
    if (name.endsWith(UNFINISHED) && segmentOf(path, basename(name, UNFINISHED)) !== null)
      await rm(join(dirname(path), name), { force: true });
  }
}
