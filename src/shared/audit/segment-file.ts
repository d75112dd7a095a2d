import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type LogLine, readLines, splitLines } from './lines.ts';
import { type RecordLink, readLink } from './record.ts';
import type { Segment } from './segments.ts';

/** One file of a log, open: it stays readable when it is renamed, compressed or removed meanwhile. */
export interface SegmentFile {
  readonly name: string;
  /** Its length in bytes at this moment; null where it is compressed. */
  size(): Promise<number | null>;
  /**
   * Its lines that begin at `from` or behind it and before `to`; offsets are those in the plain file. `from` is where a
   * line begins. `take` says whether to go on.
   * @throws what reading throws, and Undecompressible
   */
  read(from: number, to: number, take: (line: LogLine) => boolean): Promise<void>;
  close(): Promise<void>;
}

/** A compressed segment is not what was written there. */
export class Undecompressible extends Error {
  override readonly name = 'Undecompressible';
  /** Whether it ends too early. */
  readonly isCut: boolean;

  constructor(why: string, isCut: boolean, cause: unknown) {
    super(why, { cause });
    this.isCut = isCut;
  }
}

const PIECE_BYTES = 262_144;

/**
 * Opens a segment for reading; null where there is no such file. O_NONBLOCK: a FIFO put in its place must not hold the
 * reader up.
 * @throws what opening throws, and Error where it is no regular file
 */
export async function openSegment({ path, isCompressed }: Segment): Promise<SegmentFile | null> {
  const file = await openRegular(path);
  if (file === null) return null;
  return {
    name: basename(path),
    size: async () => (isCompressed ? null : (await file.stat()).size),
    read: (from, to, take) =>
      isCompressed ? readCompressed(file, from, to, take) : readPlain(file, from, to, take),
    close: () => file.close(),
  };
}

async function openRegular(path: string): Promise<FileHandle | null> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if ((await file.stat()).isFile()) return file;
    await file.close();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  throw new Error('it is not a regular file');
}

async function readPlain(
  file: FileHandle,
  from: number,
  to: number,
  take: (line: LogLine) => boolean,
): Promise<void> {
  const { size } = await file.stat();
  await readLines(file, from, Math.min(size, to), take);
}

async function readCompressed(
  file: FileHandle,
  from: number,
  to: number,
  take: (line: LogLine) => boolean,
): Promise<void> {
  const lines = splitLines(0, (line) => line.offset < from || (line.offset < to && take(line)));
  const pieces = Readable.from(readPieces(file)).pipe(createGunzip({ chunkSize: PIECE_BYTES }));
  try {
    for await (const piece of pieces) if (!lines.push(piece)) return;
    const { size } = await file.stat();
    if (pieces.bytesWritten !== size) throw new Undecompressible('bytes stand behind its end', false, null);
    lines.end();
  } catch (error) {
    throw describe(error);
  }
}

/** All of a file from its start. A stream of the file's own would close it at its end. */
async function* readPieces(file: FileHandle): AsyncGenerator<Buffer> {
  for (let offset = 0; ; ) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(PIECE_BYTES), 0, PIECE_BYTES, offset);
    if (bytesRead === 0) return;
    offset += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** The errors of node:zlib begin with Z_; Z_BUF_ERROR is an end that comes too early. */
function describe(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || !String(error.code).startsWith('Z_')) return error;
  return new Undecompressible(
    `it cannot be decompressed: ${error.message}`,
    error.code === 'Z_BUF_ERROR',
    error,
  );
}

/** The first line of a file that has the form of a record, with a copy of its bytes; null where there is none. */
export async function firstRecord(
  file: SegmentFile,
): Promise<{ readonly link: RecordLink; readonly line: Buffer } | null> {
  let first: { link: RecordLink; line: Buffer } | null = null;
  await file.read(0, Number.POSITIVE_INFINITY, (line) => {
    const link = line.terminated ? readLink(line.bytes) : null;
    if (link !== null) first = { link, line: Buffer.from(line.bytes) };
    return link === null;
  });
  return first;
}
