import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { compressedPath, segmentOf } from '../../shared/audit/segments.ts';
import { createOwnFile, LOG_MODE, openOwnFile, syncFolder, writeAll } from './log-file.ts';
import { freeBytes } from './space.ts';

/** What a compressed segment is called until it is known to be good. */
const UNFINISHED = '.new';
const PIECE_BYTES = 65_536;
/** Takes half as long as gzip's own 6, which makes 7 percent less of records: calls wait for processors more than logs for disks. */
const COMPRESSION_LEVEL = 3;

/**
 * Puts a compressed segment in the place of a plain one: the plain one goes only once the other is on disk and gives back
 * the same bytes. A crash at any point leaves the plain one, or the good compressed one, or both. It works in pieces, on
 * the thread pool but for the hashes, so that nobody waits for it.
 *
 * @param path of the closed segment
 * @throws what reading, writing or the signal throws, and Error where the bytes differ or there is no room
 */
export async function compressSegment(path: string, signal: AbortSignal): Promise<void> {
  const compressed = compressedPath(path);
  const unfinished = `${compressed}${UNFINISHED}`;
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
    const [plain, again] = [createHash('sha256'), createHash('sha256')];
    await pipeline(
      readPieces(source, plain),
      createGzip({ level: COMPRESSION_LEVEL }),
      (pieces) => writePieces(file, pieces),
      {
        signal,
      },
    );
    await file.sync();
    await pipeline(readPieces(file), createGunzip(), (pieces) => hashPieces(pieces, again), { signal });
    if (plain.digest('hex') !== again.digest('hex')) throw new Error('it does not give back the same bytes');
  } finally {
    await file.close();
  }
}

/** All of a file from its start; a stream of its own would keep the file from being closed. */
async function* readPieces(file: FileHandle, hash: Hash | null = null): AsyncGenerator<Buffer> {
  for (let offset = 0; ; ) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(PIECE_BYTES), 0, PIECE_BYTES, offset);
    if (bytesRead === 0) return;
    const piece = buffer.subarray(0, bytesRead);
    hash?.update(piece);
    offset += bytesRead;
    yield piece;
  }
}

async function writePieces(file: FileHandle, pieces: AsyncIterable<Buffer>): Promise<void> {
  for await (const piece of pieces) await writeAll(file, piece);
}

async function hashPieces(pieces: AsyncIterable<Buffer>, hash: Hash): Promise<void> {
  for await (const piece of pieces) hash.update(piece);
}

/** Removes what a crash left of compressing. Throws what the system throws. */
export async function removeUnfinished(path: string): Promise<void> {
  for (const name of await readdir(dirname(path))) {
    if (name.endsWith(UNFINISHED) && segmentOf(path, basename(name, UNFINISHED)) !== null)
      await rm(join(dirname(path), name), { force: true });
  }
}
