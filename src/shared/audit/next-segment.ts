import { setTimeout as wait } from 'node:timers/promises';
import { firstRecord, openSegment, type SegmentFile } from './segment-file.ts';
import { listSegments, type Segment } from './segments.ts';

/** Milliseconds before a log's folder or its head note is looked at again, while a daemon writes. */
export const REREAD_WAIT_MS = 25;

/** How the log goes on behind a record. */
export type Next =
  /** It has been opened. `before`: the hash of what stood before it, where that is not there any more. */
  | {
      readonly kind: 'open';
      readonly file: SegmentFile;
      readonly first: number;
      readonly isClosed: boolean;
      readonly before: string | null;
    }
  /** Nothing follows: there is no file that is written to. */
  | { readonly kind: 'end' }
  /** The one that has to follow is not there, and a later one is. */
  | { readonly kind: 'missing'; readonly later: Segment };

export interface NextOptions {
  readonly path: string;
  /** The number that the next segment begins with. */
  readonly expected: number;
  /** The number that the segment which is written to begins with, as the head note has it; null: not known. */
  readonly written: () => Promise<number | null>;
  /** How often the folder is looked at again where what is expected is not there. */
  readonly rereads: number;
}

/**
 * Opens the segment that begins with record `expected`. While it looks, a daemon may rename it, compress it, or remove it
 * together with all that is older: then the oldest that is left follows. What is not there must have been seen to be so
 * twice, since a large folder is not listed at one moment.
 */
export async function openNext({ path, expected, written, rereads }: NextOptions): Promise<Next> {
  for (let attempt = 0; ; attempt += 1) {
    const isLast = attempt > rereads;
    const target = await written();
    const segments = await listSegments(path);
    const closed = segments.filter(({ first }) => first !== null);
    const named = closed.find(({ first }) => first === expected);
    if (named !== undefined) {
      const file = await openSegment(named);
      if (file !== null) return { kind: 'open', file, first: expected, isClosed: true, before: null };
      if (isLast) return { kind: 'missing', later: named };
      continue;
    }
    const open = await openWritten(path, expected, target, isLast);
    if (open !== null) return open;
    if (attempt > 0) {
      const left = await oldestLeft(path, expected, target, closed);
      if (left !== null) return left;
    }
    if (isLast) {
      const later = closed.find(({ first }) => (first ?? 0) > expected);
      return later === undefined ? { kind: 'end' } : { kind: 'missing', later };
    }
    await wait(REREAD_WAIT_MS);
  }
}

/** Opens the file that is written to, if that is the one which begins with `expected`. */
async function openWritten(
  path: string,
  expected: number,
  target: number | null,
  isLast: boolean,
): Promise<Next | null> {
  if (target !== null && target !== expected) return null;
  const file = await openSegment({ path, first: null, isCompressed: false });
  if (file === null) return null;
  const begins = (await firstRecord(file))?.link.seq ?? expected;
  // A rotation gives the old file its new name before another has this one.
  const isClosedMeanwhile = (await listSegments(path)).some(
    ({ first }) => first === expected || (target === null && (first ?? 0) > expected),
  );
  if (!isClosedMeanwhile && (begins === expected || (isLast && target !== null))) {
    return { kind: 'open', file, first: expected, isClosed: false, before: null };
  }
  await file.close();
  return null;
}

/** Opens the oldest file that is left, where all that stood before `expected`, and it, are gone. */
async function oldestLeft(
  path: string,
  expected: number,
  target: number | null,
  closed: readonly Segment[],
): Promise<Next | null> {
  const [oldest] = closed;
  if (oldest !== undefined && (oldest.first ?? 0) < expected) return null;
  const file = await openSegment(oldest ?? { path, first: null, isCompressed: false });
  if (file === null) return null;
  const link = (await firstRecord(file))?.link ?? null;
  const first = oldest?.first ?? target ?? link?.seq ?? expected;
  if (first > expected && link !== null) {
    return { kind: 'open', file, first, isClosed: oldest !== undefined, before: link.prev };
  }
  await file.close();
  return null;
}
