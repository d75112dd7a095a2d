import { setTimeout as sleep } from 'node:timers/promises';
import { type RecordLink, readLink } from '../../shared/audit/record.ts';
import { type CutLine, createLineCutter, type LineCutter } from './bounded-lines.ts';
import type { LogItem } from './log-item.ts';
import { type LogPosition, type Opening, type Progress, whatComesBefore } from './log-position.ts';
import type { SegmentReader } from './segment-reader.ts';

/** What following needs to know. */
export interface Following {
  readonly path: string;
  readonly signal: AbortSignal;
  /** Milliseconds between two looks at the end. */
  readonly pollMs: number;
}

/**
 * Gives what a segment holds, and what is added to it as long as it is written to. Keeps `progress`, behind which reading
 * goes on then.
 */
export async function* followSegment(
  following: Following,
  reader: SegmentReader,
  { segment, offset, sought }: Opening,
  progress: Progress,
): AsyncGenerator<LogItem, void> {
  progress.segment = reader.first;
  const lines = createLineCutter(offset);
  const found = sought === null ? [] : await seek(reader, lines, sought);
  if (found === null) {
    yield { kind: 'changed' };
    return goBackTo(reader.first, progress);
  }
  let isFresh = sought === null;
  for await (const part of partsOf(following, reader, lines, found)) {
    if ('kind' in part) {
      yield part;
      if (part.kind === 'changed') return goBackTo(reader.first, progress);
      continue;
    }
    for (const { bytes, end, isOverlong } of part) {
      const link = isOverlong ? null : readLink(bytes);
      if (link === null) {
        yield { kind: 'no-record', line: bytes };
        continue;
      }
      const before = isFresh ? await whatComesBefore(following.path, segment, link, progress) : null;
      if (before === 'anew') {
        yield { kind: 'changed' };
        progress.anewFor = link.hash;
        return goBackTo(null, progress);
      }
      if (before !== null) {
        progress.segment = before - 1;
        return;
      }
      isFresh = false;
      yield* recordWithBreak(bytes, end, link, progress);
    }
  }
}

/** Reading goes on with the segment that begins with this record, whatever its file is called by then; null: the oldest. */
function goBackTo(first: number | null, progress: Progress): void {
  progress.last = null;
  progress.segment = first === null ? null : first - 1;
}

/** Reads up to a position. Returns the lines of that piece behind it; null where its record does not stand there. */
async function seek(
  reader: SegmentReader,
  lines: LineCutter,
  { offset, hash }: LogPosition,
): Promise<readonly CutLine[] | null> {
  for (;;) {
    const piece = await reader.read();
    if (piece.length === 0) return null;
    const cut = lines.push(piece);
    const index = cut.findIndex(({ end }) => end >= offset);
    const line = cut[index];
    if (line === undefined) continue;
    return line.end === offset && readLink(line.bytes)?.hash === hash ? cut.slice(index + 1) : null;
  }
}

type Part =
  | readonly CutLine[]
  | Extract<LogItem, { kind: 'no-record' | 'unreadable' | 'changed' | 'caught-up' }>;

/** The lines of a segment as they are read, until no more can come. */
async function* partsOf(
  { signal, pollMs }: Following,
  reader: SegmentReader,
  lines: LineCutter,
  found: readonly CutLine[],
): AsyncGenerator<Part, void> {
  yield found;
  let isFinal = reader.segment.first !== null;
  let isTold = false;
  while (!signal.aborted) {
    const piece = await readPiece(reader);
    if (!Buffer.isBuffer(piece)) return yield { kind: 'unreadable', path: reader.segment.path, ...piece };
    if (piece.length > 0) {
      yield lines.push(piece);
      isTold = false;
    } else if (isFinal) {
      if (lines.rest().length > 0) yield { kind: 'no-record', line: lines.rest() };
      return;
    } else {
      const became = await reader.whatBecame();
      if (became === 'cut') return yield { kind: 'changed' };
      // What was written before it was renamed may have come after the last look.
      isFinal = became === 'replaced';
      if (isFinal) continue;
      if (!isTold) yield { kind: 'caught-up', rest: lines.rest() };
      isTold = true;
      await pause(signal, pollMs);
    }
  }
}

/** Damage of compressed bytes is told, and ends that segment alone. Throws what else reading throws. */
async function readPiece(reader: SegmentReader): Promise<Buffer | { readonly why: string }> {
  try {
    return await reader.read();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error) || !String(error.code).startsWith('Z_')) throw error;
    return { why: error.message };
  }
}

function* recordWithBreak(
  line: Buffer,
  offset: number,
  { seq, hash, event }: RecordLink,
  progress: Progress,
): Generator<LogItem, void> {
  const { last } = progress;
  if (last !== null && seq > last.seq + 1) yield { kind: 'gap', from: last.seq + 1, to: seq - 1 };
  if (last !== null && seq <= last.seq) yield { kind: 'changed' };
  progress.segment ??= seq;
  progress.last = { seq, hash };
  const position = { segment: progress.segment, seq, offset, hash };
  yield { kind: 'record', line, seq, event, position };
}

/** Sleeps, but not past `signal`. */
export async function pause(signal: AbortSignal, milliseconds: number): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
