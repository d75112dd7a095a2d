import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type LogLine, splitLines } from './lines.ts';

/** Sequence numbers are below 2^53: so many digits sort as numbers do. */
const SEQUENCE_DIGITS = 16;
const COMPRESSED = '.gz';
/** Of what a log's name has where it has it; the names of its other files are made from the rest. */
const ENDING = '.jsonl';
const PIECE_BYTES = 262_144;

/** One file of a log: each goes on where the one before it ended, in one chain. */
export interface Segment {
  readonly path: string;
  /** The number of its first record; null: it is the file that is written to, which is always the last. */
  readonly first: number | null;
  readonly isCompressed: boolean;
}

/** The names of a log's files; `path` is that of the file that is written to. */
export function segmentPath(path: string, first: number): string {
  return beside(path, `-${String(first).padStart(SEQUENCE_DIGITS, '0')}${ENDING}`);
}

export function compressedPath(segment: string): string {
  return `${segment}${COMPRESSED}`;
}

/** Where the seals of a log stand. */
export function sealsPath(path: string): string {
  return beside(path, `-seals${ENDING}`);
}

/** Where the bytes are kept that are given up when the disk is full. */
export function reservePath(path: string): string {
  return beside(path, '-reserve');
}

/** A file of the log's, beside it: `audit.jsonl` gives `audit<suffix>`. */
function beside(path: string, suffix: string): string {
  const name = basename(path);
  const stem = name.endsWith(ENDING) ? name.slice(0, -ENDING.length) : name;
  return join(dirname(path), `${stem}${suffix}`);
}

/**
 * The files of a log, oldest first, whether they exist at this moment or not: a daemon that runs may rotate, compress or
 * remove one meanwhile. Where one stands there both plain and compressed, it is being compressed, and the plain one counts.
 * @throws what reading the folder throws
 */
export async function listSegments(path: string): Promise<readonly Segment[]> {
  const names = await readdir(dirname(path));
  const found = new Map<number, Segment>();
  for (const name of names) {
    const segment = segmentOf(path, name);
    if (segment === null || segment.first === null) continue;
    if (!segment.isCompressed || !found.has(segment.first)) found.set(segment.first, segment);
  }
  const closed = [...found.values()].sort((one, other) => (one.first ?? 0) - (other.first ?? 0));
  const open = names.includes(basename(path)) ? [{ path, first: null, isCompressed: false }] : [];
  return [...closed, ...open];
}

/** The closed segment that a file's name stands for; null: none of this log. */
export function segmentOf(path: string, name: string): Segment | null {
  const isCompressed = name.endsWith(COMPRESSED);
  const plain = isCompressed ? name.slice(0, -COMPRESSED.length) : name;
  const digits = plain.slice(-ENDING.length - SEQUENCE_DIGITS, -ENDING.length);
  if (!/^[0-9]{16}$/.test(digits)) return null;
  const first = Number(digits);
  if (basename(segmentPath(path, first)) !== plain) return null;
  return { path: join(dirname(path), name), first, isCompressed };
}

/**
 * The lines of a whole segment, in bounded memory; offsets are those in the plain file. `take` says whether to go on.
 * @throws what opening, reading or decompressing throws
 */
export async function readSegment(
  { path, isCompressed }: Pick<Segment, 'path' | 'isCompressed'>,
  take: (line: LogLine) => boolean,
): Promise<void> {
  const lines = splitLines(0, take);
  const file = createReadStream(path, { highWaterMark: PIECE_BYTES });
  const pieces: Readable = isCompressed ? file.pipe(createGunzip({ chunkSize: PIECE_BYTES })) : file;
  // Readable.pipe passes no error on.
  if (isCompressed) file.once('error', (error) => pieces.destroy(error));
  try {
    for await (const piece of pieces) if (!lines.push(piece)) return;
    lines.end();
  } finally {
    file.destroy();
  }
}
