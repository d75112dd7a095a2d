import { compressedPath, listSegments, type Segment } from '../../shared/audit/segments.ts';
import { createLineCutter } from './bounded-lines.ts';
import { timeOfLine } from './record-view.ts';
import { openSegment, type SegmentReader } from './segment-reader.ts';
import type { TimeRange } from './time-range.ts';

/** How often a log is listed anew because a file of it was closed meanwhile. */
const LOOKS_MAXIMUM = 5;
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

/**
 * Opens a log's files one after the other, each closed when the next is asked for. What is rotated, compressed or removed
 * meanwhile is read as it was, or has gone.
 * @throws what listing and opening throws, and Error "it does not exist" for a log without any file
 */
export async function* openSegments(
  path: string,
  choose: Choice,
  order: Order,
): AsyncGenerator<SegmentReader, void> {
  const { closed, open } = await listOnce(path);
  try {
    const listed: ListedSegment[] = closed.map((segment) => ({ segment, first: segment.first }));
    const chosen = await choose(open === null ? listed : [...listed, open]);
    for (const { segment } of order === 'oldest-first' ? chosen : chosen.toReversed()) {
      const reader = segment.first === null ? open : await openWherever(segment);
      if (reader === null) continue;
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

/** The closed segments and, opened, the file that goes on where the last of them ends. */
async function listOnce(
  path: string,
): Promise<{ readonly closed: readonly Segment[]; readonly open: SegmentReader | null }> {
  for (let look = 0; look < LOOKS_MAXIMUM; look += 1) {
    const before = await listSegments(path);
    if (before.length === 0) throw new Error('it does not exist');
    const open = await openSegment({ path, first: null, isCompressed: false });
    const closed = (await listSegments(path)).filter(({ first }) => first !== null);
    if (closed.at(-1)?.first === before.filter(({ first }) => first !== null).at(-1)?.first)
      return { closed, open };
    await open?.close();
  }
  throw new Error('its files change faster than they can be read');
}

/** A plain segment may have been compressed since it was listed. */
async function openWherever(segment: Segment): Promise<SegmentReader | null> {
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
