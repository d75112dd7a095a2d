import { setTimeout as sleep } from 'node:timers/promises';
import { LINE_BYTES_MAXIMUM, type RecordLink } from '../../shared/audit/record.ts';
import { listSegments, type Segment } from '../../shared/audit/segments.ts';
import { openSegment } from './segment-reader.ts';

/** A place in a log from which to read on. */
export interface LogPlace {
  /** The number of the first record of a segment; null: the file that is written to. */
  readonly segment: number | null;
  /** In bytes from the start of the plain segment. */
  readonly offset: number;
}

/** The place behind a record, with what tells whether that record still stands before it. Plain data, to be kept. */
export interface LogPosition extends LogPlace {
  readonly segment: number;
  readonly seq: number;
  readonly hash: string;
}

/** How far a log has been read. */
export interface Progress {
  /** The last record; null: none yet. */
  last: Pick<LogPosition, 'seq' | 'hash'> | null;
  /** The number of the first record of the segment that is read; what is read next begins behind it, and behind `last`. */
  segment: number | null;
  /** The hash of the record for which reading began anew: it does so once, lest a log made to mislead be read for ever. */
  anewFor: string | null;
}

/** A segment to read from an offset on. */
export interface Opening {
  readonly segment: Segment;
  /** The number that it must begin with, since its name may be another file's by the time that it is opened; null: any. */
  readonly first: number | null;
  readonly offset: number;
  /** A position behind that offset: reading begins there, if its record stands there. */
  readonly sought: LogPosition | null;
}

export interface Beginning {
  /** null: whatever comes next after `progress`. */
  readonly opening: Opening | null;
  readonly progress: Progress;
  /** Whether the log that the position is of is no longer there. */
  readonly isAnother: boolean;
}

/** How long to wait before absence is believed, in milliseconds: a listing can miss a file that is being renamed. */
const SECOND_LOOK_MS = 50;

/** A listing that was read while a file in it was renamed may lack it. */
const LOOKS = 2;

/** The file that is written to. */
export function writtenSegment(path: string): Segment {
  return { path, first: null, isCompressed: false };
}

/** Where to begin. Throws what listing and opening the files throws. */
export async function findBeginning(
  path: string,
  from: LogPosition | LogPlace | 'start',
): Promise<Beginning> {
  const progress: Progress = { last: null, segment: null, anewFor: null };
  if (from === 'start') return { opening: null, progress, isAnother: false };
  const segment = from.segment === null ? writtenSegment(path) : await findSegment(path, from.segment);
  if (!('seq' in from)) {
    const opening =
      segment === null ? null : { segment, first: from.segment, offset: from.offset, sought: null };
    return { opening, progress: { ...progress, segment: from.segment }, isAnother: false };
  }
  if (segment !== null) {
    const offset = Math.max(0, from.offset - LINE_BYTES_MAXIMUM);
    return {
      opening: { segment, first: from.segment, offset, sought: from },
      progress: { ...progress, last: from },
      isAnother: false,
    };
  }
  // Where all that is left is younger, retention was here; else the numbers are those of another chain.
  const isAnother = (await oldestNumber(path)) <= from.seq;
  return { opening: null, progress: { ...progress, last: isAnother ? null : from }, isAnother };
}

/** The segment to read after what has been read: the oldest closed one behind it, else the one that is written to. */
export async function segmentAfter(path: string, { last, segment }: Progress): Promise<Segment> {
  const closed = await findClosed(path, Math.max(last?.seq ?? 0, segment ?? 0), Number.POSITIVE_INFINITY);
  return closed ?? writtenSegment(path);
}

/**
 * What to read before the first record of a segment: the closed segment with the numbers between, which the listing had
 * missed, by its first record; `anew` where the numbers go back in the file that is written to, which is then that of
 * another chain.
 */
export async function whatComesBefore(
  path: string,
  segment: Segment,
  { seq, hash }: RecordLink,
  { last, anewFor }: Progress,
): Promise<number | 'anew' | null> {
  if (last === null || seq === last.seq + 1) return null;
  if (seq <= last.seq) return segment.first === null && hash !== anewFor ? 'anew' : null;
  for (let look = 0; look < LOOKS; look += 1) {
    const missed = await findClosed(path, last.seq, segment.first ?? seq);
    if (missed !== null) return missed.first;
  }
  return null;
}

/** The oldest closed segment whose first record comes after `after` and before `before`; null: there is none. */
export async function findClosed(path: string, after: number, before: number): Promise<Segment | null> {
  const segments = await listSegments(path);
  return segments.find(({ first }) => first !== null && first > after && first < before) ?? null;
}

/** The segment with that first record, whatever its file is called by now; null: there is none. */
async function findSegment(path: string, first: number): Promise<Segment | null> {
  const seen = await lookForSegment(path, first);
  if (seen !== null) return seen;
  await sleep(SECOND_LOOK_MS);
  return lookForSegment(path, first);
}

async function lookForSegment(path: string, first: number): Promise<Segment | null> {
  const closed = await findClosed(path, first - 1, first + 1);
  if (closed !== null) return closed;
  return (await firstNumber(writtenSegment(path))) === first ? writtenSegment(path) : null;
}

/** Infinity where the log has no record. */
async function oldestNumber(path: string): Promise<number> {
  const [oldest] = await listSegments(path);
  return (oldest === undefined ? null : await firstNumber(oldest)) ?? Number.POSITIVE_INFINITY;
}

async function firstNumber(segment: Segment): Promise<number | null> {
  const reader = await openSegment(segment);
  await reader?.close();
  return reader?.first ?? null;
}
