import { basename } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Chain, type Fault, followChain, recordFacts, type SeeRecord } from './chain.ts';
import { diagnose } from './diagnose.ts';
import { EMPTY_HEAD, type Head } from './head-note.ts';
import type { LogLine } from './lines.ts';
import { type Next, type NextOptions, openNext, REREAD_WAIT_MS } from './next-segment.ts';
import { LINE_BYTES_MAXIMUM } from './record.ts';
import { followRemoved } from './removed.ts';
import { firstRecord, openSegment, type SegmentFile, Undecompressible } from './segment-file.ts';
import { listSegments, type Segment, segmentPath } from './segments.ts';

/** The first place where a log is not what was written. */
export interface FirstBad {
  /** The name of the file. */
  readonly segment: string;
  /** The number of the record that should stand there. */
  readonly seq: number;
  /** Line number in the file, from 1. */
  readonly line: number;
  readonly what: Fault;
  readonly detail: string;
}

/** Reads a log's segments one after the other, as one chain. */
export interface LogWalk {
  /** The last record that is linked to all before it, its bytes counted in the present segment. */
  readonly head: Head;
  /** The number of the first record that was there to be read. */
  readonly begins: number;
  /** The record that says that what was before was removed; null: there is none. */
  readonly removedBy: number | null;
  readonly recoveries: number;
  /** The present segment's first number; 0 before the first. */
  readonly first: number;
  /** Whether the present segment was no longer written to when it was opened. */
  readonly isClosed: boolean;
  /** The present segment's length in bytes; null where it is compressed. */
  size(): Promise<number | null>;
  /** Opens the next segment. 'end': there is none, and no later one either. */
  next(): Promise<FirstBad | 'end' | null>;
  /** Reads the present segment on to byte `to`. A line that is cut off there is bad unless `mayBeCut`. */
  read(to: number, standing: Head | null, mayBeCut: boolean): Promise<FirstBad | null>;
  /** Reads the whole of the present segment, to which nothing is written any more. */
  readWhole(): Promise<FirstBad | null>;
  /** What is wrong with the log's files as a whole: a beginning that nobody declared removed, a file of no use. */
  judgeFiles(): Promise<FirstBad | null>;
  /** A finding about the record that should follow the head. */
  badNext(what: Fault, detail: string): FirstBad;
  /** A finding about the file that is written to: it is missing. */
  badLog(detail: string): FirstBad;
  /** A finding about the head. */
  badHead(what: Fault, detail: string): FirstBad;
  close(): Promise<void>;
}

export type WalkOptions = Omit<NextOptions, 'expected'> & { readonly see: SeeRecord };

export function walkLog({ path, written, rereads, see }: WalkOptions): LogWalk {
  const removed = followRemoved();
  const visited = new Set<number>();
  let chain = follow(EMPTY_HEAD);
  let file: SegmentFile | null = null;
  let begins = 1;
  let recoveries = 0;
  let first = 0;
  let isClosed = false;
  removed.begin(EMPTY_HEAD);

  function follow(start: Head): Chain {
    return followChain(start, basename(path), (link, line, name, number) => {
      removed.see(link, line);
      see(link, line, name, number);
    });
  }

  async function next(): Promise<FirstBad | 'end' | null> {
    const expected = chain.head.seq + 1;
    let found: Next;
    try {
      found = await openNext({ path, expected, written, rereads });
    } catch (error) {
      return undecompressible(error);
    }
    if (found.kind !== 'open') {
      const overlapped = await beginsWithin();
      if (overlapped !== null) return badBehind(overlapped);
      return found.kind === 'end' ? 'end' : judgeGap(expected, found);
    }
    await file?.close();
    ({ file, first, isClosed } = found);
    removed.end(chain.head);
    if (found.before !== null) {
      const before = { seq: first - 1, hash: found.before, bytes: 0 };
      recoveries += chain.recoveries;
      chain = follow(before);
      removed.begin(before);
      begins = first;
    }
    visited.add(first);
    chain.enter(file.name);
    return null;
  }

  /** What comes next says whether the end of this segment is missing, or a whole one. */
  async function judgeGap(expected: number, { later }: { readonly later: Segment }): Promise<FirstBad> {
    const previous = await previousOf(later);
    const where = basename(later.path);
    if (first > 0 && previous === first)
      return badNext('truncated', `the segment ends here, and ${where} goes on with record ${later.first}`);
    const segment = basename(segmentPath(path, expected));
    return { segment, seq: expected, line: 1, what: 'missing', detail: `the log goes on in ${where}` };
  }

  /** Where another file begins with a number that the present one holds already: its first such number. */
  async function beginsWithin(): Promise<number | null> {
    const numbers = (await listSegments(path)).map((one) => one.first);
    const open = await openSegment({ path, first: null, isCompressed: false });
    const written = open === null ? null : await firstRecord(open).finally(() => open.close());
    const within = [...numbers, written?.link.seq ?? null].filter(
      (number) => (number ?? 0) > first && (number ?? 0) <= chain.head.seq,
    );
    return within.reduce(
      (least, number) => (least === null || (number ?? least) < least ? number : least),
      null,
    );
  }

  function badBehind(seq: number): FirstBad {
    const line = chain.line - (chain.head.seq - seq);
    const detail = 'the next segment begins with this number: another program wrote it here';
    return { segment: chain.file, seq, line, what: 'appended', detail };
  }

  async function read(to: number, standing: Head | null, mayBeCut: boolean): Promise<FirstBad | null> {
    if (file === null) return null;
    let undone: FirstBad | null = null;
    try {
      await file.read(chain.head.bytes, to, (line) => (mayBeCut && isCut(line)) || chain.take(line));
    } catch (error) {
      undone = undecompressible(error);
    }
    const { problem } = chain;
    if (problem === null) return undone;
    const { found: stands, line } = problem;
    // Retention removes what is older: so that record is not in its place, and nothing tells where the log began.
    if (stands !== null && stands.seq < begins) {
      const detail = `the log begins with record ${begins}, and record ${stands.seq} stands behind it`;
      return { segment: problem.file, seq: 1, line, what: 'reordered', detail };
    }
    const found = await diagnose(chain, problem, standing, (take) => readLater(problem.offset, take));
    return { segment: found.file, seq: found.seq, line: found.line, what: found.what, detail: found.detail };
  }

  async function readWhole(): Promise<FirstBad | null> {
    const bad = await read(Number.POSITIVE_INFINITY, null, false);
    if (bad?.what === 'torn')
      return { ...bad, what: 'truncated', detail: 'the segment ends within this record' };
    if (bad !== null) return bad;
    return chain.head.bytes > 0 ? null : badNext('truncated', 'the segment holds no record');
  }

  /** All lines from a place in the present segment on, in this and the later ones, as far as they can be read. */
  async function readLater(from: number, take: (line: LogLine) => boolean): Promise<void> {
    let more = true;
    const takeMore = (line: LogLine): boolean => {
      more = take(line);
      return more;
    };
    try {
      await file?.read(from, Number.POSITIVE_INFINITY, takeMore);
      for (const segment of await listSegments(path)) {
        if (!more) return;
        if (segment.first !== null && segment.first <= first) continue;
        const later = await openSegment(segment);
        await later?.read(0, Number.POSITIVE_INFINITY, takeMore).finally(() => later.close());
      }
    } catch (error) {
      // One fault is being told already, and it is the first.
      if (!(error instanceof Undecompressible)) throw error;
    }
  }

  async function judgeFiles(): Promise<FirstBad | null> {
    const { missing } = removed;
    if (missing !== null) {
      const detail = `the log begins with record ${begins}, and no record of it says that what was before was removed`;
      return {
        segment: basename(segmentPath(path, missing)),
        seq: missing,
        line: 1,
        what: 'missing',
        detail,
      };
    }
    // What is of no use has to be there at a second look too: a large folder is not listed at one moment.
    for (const isSure of [false, true]) {
      const stray = await findStray();
      if (stray === undefined) return null;
      const detail = 'the file is no part of the chain';
      const bad = {
        segment: basename(stray.path),
        seq: stray.first ?? 1,
        line: 1,
        what: 'appended' as const,
        detail,
      };
      if (isSure) return bad;
      await wait(REREAD_WAIT_MS);
    }
    return null;
  }

  /** A file that was not read: its number lies within what was, or behind the segment that is written to. */
  async function findStray(): Promise<Segment | undefined> {
    const target = (await written()) ?? Number.POSITIVE_INFINITY;
    const segments = await listSegments(path);
    return segments.find((one) => {
      const number = one.first ?? 0;
      return number > 0 && !visited.has(number) && (number <= first || number > target);
    });
  }

  function badNext(what: Fault, detail: string): FirstBad {
    const segment = file?.name ?? basename(path);
    const line = chain.file === segment ? chain.line + 1 : 1;
    return { segment, seq: chain.head.seq + 1, line, what, detail };
  }

  function badLog(detail: string): FirstBad {
    return { segment: basename(path), seq: chain.head.seq + 1, line: 1, what: 'missing', detail };
  }

  function badHead(what: Fault, detail: string): FirstBad {
    return { segment: chain.file, seq: chain.head.seq, line: chain.line, what, detail };
  }

  function undecompressible(error: unknown): FirstBad {
    if (!(error instanceof Undecompressible)) throw error;
    return badNext(error.isCut ? 'truncated' : 'edited', error.message);
  }

  return {
    get head() {
      return chain.head;
    },
    get begins() {
      return begins;
    },
    get removedBy() {
      return removed.saidBy;
    },
    get recoveries() {
      return recoveries + chain.recoveries;
    },
    get first() {
      return first;
    },
    get isClosed() {
      return isClosed;
    },
    size: async () => (await file?.size()) ?? null,
    ...{ next, read, readWhole, judgeFiles, badNext, badLog, badHead },
    close: async () => file?.close(),
  };
}

/** Whether a line has no end yet, and could have one. */
function isCut({ terminated, bytes }: LogLine): boolean {
  return !terminated && bytes.length < LINE_BYTES_MAXIMUM;
}

/** The first number of the segment before, as a segment's own first record says; null where it does not. */
async function previousOf(segment: Segment): Promise<number | null> {
  const file = await openSegment(segment);
  if (file === null) return null;
  try {
    const record = await firstRecord(file);
    const previous = record === null ? null : recordFacts(record.line)?.['previous'];
    return typeof previous === 'object' && previous !== null && 'first_seq' in previous
      ? Number(previous.first_seq)
      : null;
  } catch (error) {
    if (error instanceof Undecompressible) return null;
    throw error;
  } finally {
    await file.close();
  }
}
