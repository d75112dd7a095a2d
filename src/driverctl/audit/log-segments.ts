import { setTimeout as sleep } from 'node:timers/promises';
import { compressedPath, listSegments, type Segment } from '../../shared/audit/segments.ts';
import { createLineCutter } from './bounded-lines.ts';
import { timeOfLine } from './record-view.ts';
import { openSegment, type SegmentReader } from './segment-reader.ts';
import type { TimeRange } from './time-range.ts';

/** How often a log is looked at that seems to be rotated just now, and how long to wait between, in milliseconds. */
const LOOKS_MAXIMUM = 5;
const LOOK_MS = 20;
/** How far a clock may have been set back within a segment for its records still to be found by their time, in milliseconds. */
const CLOCK_MARGIN_MS = 3_600_000;

export type Order = 'oldest-first' | 'newest-first';

/** A segment of a log as it was listed. */
export interface ListedSegment {
  readonly segment: Segment;
  /** The number of its first record, also where the name does not tell it; null: it has none yet. */
  readonly first: number | null;
}

/** Which segments of a log are read. */
export type Choice = (
  listed: readonly ListedSegment[],
) => readonly ListedSegment[] | Promise<readonly ListedSegment[]>;

/** A segment that could not be read to its end. */
export interface Damage {
  readonly path: string;
  readonly why: string;
}

/**
 * Opens a log's files one after the other, each closed when the next is asked for. What is rotated or compressed meanwhile is
 * read as it was.
 * @param damage gets what retention has removed since it was listed
 * @throws what listing and opening throws, and Error "it does not exist" for a log without any file
 */
export async function* openSegments(
  path: string,
  choose: Choice,
  order: Order,
  damage: Damage[],
): AsyncGenerator<SegmentReader, void> {
  const { closed, open } = await openLog(path);
  try {
    const listed: ListedSegment[] = closed.map((segment) => ({ segment, first: segment.first }));
    const chosen = await choose(open === null ? listed : [...listed, open]);
    for (const { segment } of order === 'oldest-first' ? chosen : chosen.toReversed()) {
      const reader = segment.first === null ? open : await openWherever(segment);
      if (reader === null) {
        damage.push({ path: segment.path, why: 'it was removed meanwhile' });
        continue;
      }
      try {
        yield reader;
      } finally {
        if (reader !== open) await reader.close();
      }
    }
  } finally {
    await open?.close();
  }
}

/** A log as it stood at one moment. */
export interface OpenedLog {
  /** Oldest first. They may be compressed or removed by the time that they are opened. */
  readonly closed: readonly Segment[];
  /** The file that is written to, which goes on where the last of them ends; null: there is none. */
  readonly open: SegmentReader | null;
}

/**
 * Opens the file that is written to, and lists those before it.
 * @throws what listing and opening throws, and Error "it does not exist" for a log without any file
 */
export async function openLog(path: string): Promise<OpenedLog> {
  for (let look = 1; ; look += 1) {
    const open = await openSegment({ path, first: null, isCompressed: false });
    try {
      const closed = await listClosed(path);
      if (open === null && closed.length === 0) throw new Error('it does not exist');
      // The file of a rotation under way has no record yet, or no file has the name.
      if ((open?.first ?? null) === null && look < LOOKS_MAXIMUM) {
        await open?.close();
        await sleep(LOOK_MS);
        continue;
      }
      return { closed: await closedBefore(open, closed), open };
    } catch (error) {
      await open?.close();
      throw error;
    }
  }
}

/** Listed twice: while a file is compressed or renamed, a large folder may show it under neither name. */
async function listClosed(path: string): Promise<readonly Segment[]> {
  const earlier = await listSegments(path);
  const segments = new Map(
    [...earlier, ...(await listSegments(path))].map((segment) => [segment.first, segment]),
  );
  segments.delete(null);
  return [...segments.values()].sort((one, other) => (one.first ?? 0) - (other.first ?? 0));
}

/** Without those that were closed since: the open file is one of them by now. */
async function closedBefore(
  open: SegmentReader | null,
  closed: readonly Segment[],
): Promise<readonly Segment[]> {
  const written = open?.first ?? null;
  const isLater = ({ first }: Segment): boolean => written !== null && first !== null && first >= written;
  if (open === null || !closed.some(isLater) || (await open.whatBecame()) === 'same') return closed;
  return closed.filter((segment) => !isLater(segment));
}

/** A plain segment may have been compressed since it was listed. */
export async function openWherever(segment: Segment): Promise<SegmentReader | null> {
  const reader = await openSegment(segment);
  if (reader !== null || segment.isCompressed) return reader;
  return openSegment({ ...segment, path: compressedPath(segment.path), isCompressed: true });
}

/** The segments of which a record may lie in the range. */
export function withinTime({ since, until }: TimeRange): Choice {
  return async (listed) => {
    if (since === null && until === null) return listed;
    const begins: (number | null)[] = [];
    for (const { segment } of listed) begins.push(await beginOf(segment));
    return listed.filter((_, index) => {
      const [begin = null, end = null] = [begins[index], begins[index + 1]];
      const isBefore = since !== null && end !== null && end + CLOCK_MARGIN_MS < since;
      const isAfter = until !== null && begin !== null && begin - CLOCK_MARGIN_MS > until;
      return !isBefore && !isAfter;
    });
  };
}

/** The segments in which a record of that number or before it may stand. */
export function upTo(seq: number): Choice {
  return (listed) => listed.filter(({ first }) => first !== null && first <= seq);
}

/** The other segments: all of whose records come after it. */
export function behind(seq: number): Choice {
  return (listed) => listed.filter(({ first }) => first !== null && first > seq);
}

/** When the first record of a segment was made, in milliseconds since 1970; null where that cannot be told. */
async function beginOf(segment: Segment): Promise<number | null> {
  const reader = await openWherever(segment);
  if (reader === null) return null;
  try {
    for (const { bytes } of createLineCutter().push(await reader.read())) {
      const time = timeOfLine(bytes);
      if (time !== null) return time;
    }
    return null;
  } catch (error) {
    // What cannot be read is not left out: reading it will say so.
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  } finally {
    await reader.close();
  }
}
