import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Sequence numbers are below 2^53: so many digits sort as numbers do. */
const SEQUENCE_DIGITS = 16;
const COMPRESSED = '.gz';
/** Of what a log's name has where it has it; the names of its other files are made from the rest. */
const ENDING = '.jsonl';

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

/** The folder beside a log that keeps what stood in its place, named after the moment: `YYYYMMDDTHHMMSSZ`. */
export function keptFolder(path: string, moment: string): string {
  return beside(path, `-before-${moment}`);
}

/** Whether a file beside the log holds a part of it: a segment, plain or compressed or half compressed, or the seals. */
export function belongsToLog(path: string, name: string): boolean {
  if (name === basename(path) || name === basename(sealsPath(path))) return true;
  const stem = basename(beside(path, '-'));
  return name.startsWith(stem) && /^[0-9]{16}\.jsonl(?:\.gz)?(?:\.[a-z]+)?$/.test(name.slice(stem.length));
}

/** The log that a file of this name is a part of: a segment, plain or compressed, its seals, or the file written to. */
export function logOf(path: string): string {
  const name = basename(path);
  const stem = /^(.*)-(?:[0-9]{16}\.jsonl(?:\.gz)?|seals\.jsonl)$/.exec(name)?.[1];
  return stem === undefined ? path : join(dirname(path), `${stem}${ENDING}`);
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
