import { stat } from 'node:fs/promises';
import { parseRecord } from '../../shared/audit/record.ts';
import { firstRecord, openSegment } from '../../shared/audit/segment-file.ts';
import { listSegments, type Segment } from '../../shared/audit/segments.ts';
import type { AuditSettings } from './log.ts';

/** Most segments that one retention record names. */
export const REMOVED_MAXIMUM = 128;
const DAY_MS = 86_400_000;

/** A closed segment as retention sees it. */
export interface ClosedFile {
  readonly path: string;
  readonly first: number;
  readonly last: number;
  /** The hash of its last record. */
  readonly lastHash: string;
  readonly bytes: number;
  /** When the segment after it was begun, in milliseconds since 1970. */
  readonly closedAt: number;
}

export type RetentionReason = 'age' | 'size';

export interface Choice {
  /** The oldest ones, to be removed now; at most REMOVED_MAXIMUM. */
  readonly remove: readonly ClosedFile[];
  /** The limit that asks for most; null: none asks for anything. */
  readonly why: RetentionReason | null;
  /** Whether a limit asks for more than may be removed. */
  readonly isRefused: boolean;
}

/**
 * Which closed segments are to be removed: the oldest ones, as far as a limit asks, and never one that was closed less
 * than `min_days` ago.
 *
 * @param closed oldest first
 * @param openBytes the length of the file that is written to
 * @param now milliseconds since 1970
 */
export function chooseRemoved(
  closed: readonly ClosedFile[],
  openBytes: number,
  { max_bytes, max_days, min_days }: AuditSettings['retention'],
  now: number,
): Choice {
  const isOlder =
    (days: number): ((file: ClosedFile) => boolean) =>
    ({ closedAt }) =>
      now - closedAt >= days * DAY_MS;
  const byAge = max_days === null ? 0 : prefixLength(closed, isOlder(max_days));
  let left = closed.reduce((sum, { bytes }) => sum + bytes, openBytes);
  const bySize = prefixLength(closed, ({ bytes }) => {
    const isOver = max_bytes !== null && left > max_bytes;
    left -= bytes;
    return isOver;
  });
  const asked = Math.max(byAge, bySize);
  const allowed = Math.min(asked, prefixLength(closed, isOlder(min_days)));
  const why = asked === 0 ? null : bySize > byAge ? 'size' : 'age';
  return { remove: closed.slice(0, Math.min(allowed, REMOVED_MAXIMUM)), why, isRefused: allowed < asked };
}

function prefixLength<Item>(items: readonly Item[], isIn: (item: Item) => boolean): number {
  const end = items.findIndex((item) => !isIn(item));
  return end === -1 ? items.length : end;
}

/**
 * The closed segments of which a rotation needs nothing more: a record follows them. A start after a crash in the midst of
 * one takes the last segment up as it was written, so it has to stay plain until then.
 */
export async function finishedSegments(path: string): Promise<readonly Segment[]> {
  const closed = (await listSegments(path)).filter(({ first }) => first !== null);
  // Behind the listing: what it shows was closed before this file was made.
  const file = await openSegment({ path, first: null, isCompressed: false });
  const first = await (file === null ? null : firstRecord(file).finally(() => file.close()));
  return first === null ? closed.slice(0, -1) : closed;
}

/** What a segment's first record says of the end of the one before. */
interface Beginning {
  readonly seq: number;
  readonly prev: string;
  /** In milliseconds since 1970. */
  readonly at: number;
}
/** Those of closed segments, by number: they stay as they are. */
export type Beginnings = Map<number, Beginning>;

/**
 * The closed segments whose successor has a record, and the bytes of what stands behind them: a segment's first record says
 * how and when the one before it ended. Throws what reading throws.
 */
export async function closedFiles(
  path: string,
  beginnings: Beginnings,
): Promise<{ readonly files: readonly ClosedFile[]; readonly openBytes: number }> {
  const segments = await listSegments(path);
  const files: ClosedFile[] = [];
  let openBytes = 0;
  for (const [index, { path: name, first }] of segments.entries()) {
    const { size: bytes } = await stat(name);
    const after = segments[index + 1];
    const isBehind = openBytes > 0 || first === null || after === undefined;
    const begins = isBehind ? null : await beginningOf(after, beginnings);
    // In the midst of a rotation the next file has no record yet, or is not there: what was closed counts all the same.
    if (isBehind || begins === null) openBytes += bytes;
    else
      files.push({
        path: name,
        first,
        last: begins.seq - 1,
        lastHash: begins.prev,
        bytes,
        closedAt: begins.at,
      });
  }
  return { files, openBytes };
}

async function beginningOf(segment: Segment, known: Beginnings): Promise<Beginning | null> {
  const kept = known.get(segment.first ?? 0);
  if (kept !== undefined) return kept;
  const file = await openSegment(segment);
  const first = await (file === null ? null : firstRecord(file).finally(() => file.close()));
  if (first === null) return null;
  const { seq, prev, time } = parseRecord(first.line);
  const beginning = { seq, prev, at: Date.parse(time) };
  if (segment.first !== null) known.set(segment.first, beginning);
  return beginning;
}
