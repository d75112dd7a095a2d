import { countLines, type LineEnd, LONGEST_LINE, lineEnd, lineText, wholeParts } from './lines.ts';

/** Levels of the driver protocol's `log` notification; stderr counts as `info`. */
export const DRIVER_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type DriverLevel = (typeof DRIVER_LEVELS)[number];

/** Who said something, when and how. */
export interface Said {
  /** Unix milliseconds. */
  readonly time: number;
  readonly launch: number;
  /** Request id of its call; null: its process serves many, and it named none. */
  readonly request: string | null;
  readonly source: 'stderr' | 'log';
  readonly level: DriverLevel;
}

/** One line of a driver, ready to be shown. */
export interface SaidLine extends Said {
  /** Lines of a driver are numbered from 0, those that the ring has lost with them. */
  readonly number: number;
  readonly text: string;
  /** Whether the line was longer and goes on in the next one. */
  readonly more: boolean;
}

/** The last bytes that a driver said, scrubbed, in memory of a fixed size. */
export interface Ring {
  /** In bytes. */
  readonly size: number;
  /** Number of the oldest line that is kept, and of the next one to come. */
  readonly first: number;
  readonly next: number;
  /** Adds whole lines, or parts of one that is too long to wait for its end. */
  push(said: Said, bytes: Uint8Array): void;
  /** The lines from this number on, as long as `take` says yes to one. */
  read(from: number, take: (line: SaidLine) => boolean): void;
  /** Hands everything that is kept to another ring, oldest first. */
  copyTo(ring: Ring): void;
}

/** What is kept together, in bytes: a part of what came at once. */
const LONGEST_SEGMENT = 4 * LONGEST_LINE;
/** A segment counts as so many bytes beside its own, so that many short ones stay bounded. */
const BYTES_PER_SEGMENT = 256;
const NEWLINE = 0x0a;

/** Bytes of one driver at one moment; they lie in one piece in the ring's memory. */
interface Segment {
  readonly said: Said;
  readonly first: number;
  readonly lines: number;
  readonly start: number;
  readonly end: number;
}

/**
 * A ring of so many bytes of text, and of a segment for each 256 of them. A flood costs a copy of its bytes and no more:
 * lines are made when they are read.
 * @param size in bytes, at least 65,536
 * @param firstLine number of the first line to come
 */
export function createRing(size: number, firstLine: number): Ring {
  const memory = Buffer.alloc(size);
  const mostSegments = Math.floor(size / BYTES_PER_SEGMENT);
  /** Oldest first; in memory they follow each other, once around. */
  const segments: Segment[] = [];
  let next = firstLine;
  let end = 0;

  function dropWhile(isInTheWay: (oldest: Segment) => boolean): void {
    while (segments[0] !== undefined && isInTheWay(segments[0])) segments.shift();
  }

  function place(said: Said, bytes: Uint8Array): void {
    if (end + bytes.length > size) {
      const behind = end;
      dropWhile(({ start }) => start >= behind);
      end = 0;
    }
    const start = end;
    end += bytes.length;
    dropWhile((oldest) => segments.length >= mostSegments || (oldest.start < end && oldest.end > start));
    memory.set(bytes, start);
    const lines = countLines(bytes);
    segments.push({ said, first: next, lines, start, end });
    next += lines;
  }

  function bytesOf({ start, end }: Segment): Uint8Array {
    return memory.subarray(start, end);
  }

  return {
    size,
    get first() {
      return segments[0]?.first ?? next;
    },
    get next() {
      return next;
    },
    push(said, bytes) {
      for (let at = 0; at < bytes.length; ) {
        const piece = bytes.subarray(at, at + LONGEST_SEGMENT);
        const newline = piece.lastIndexOf(NEWLINE);
        // What is left of a line that is too long for a segment is cut where it would be cut anyway.
        const whole = at + piece.length === bytes.length ? piece.length : newline + 1 || wholeParts(piece);
        place(said, piece.subarray(0, whole));
        at += whole;
      }
    },
    read(from, take) {
      for (const segment of segments) {
        if (segment.first + segment.lines <= from) continue;
        if (!readSegment(segment, bytesOf(segment), from, take)) return;
      }
    },
    copyTo(ring) {
      for (const segment of segments) ring.push(segment.said, bytesOf(segment));
    },
  };
}

/** Returns whether more is wanted. */
function readSegment(
  { said, first }: Segment,
  bytes: Uint8Array,
  from: number,
  take: (line: SaidLine) => boolean,
): boolean {
  let number = first;
  let line: LineEnd;
  for (let at = 0; at < bytes.length; at = line.next) {
    line = lineEnd(bytes, at);
    if (number >= from && !take({ ...said, number, text: lineText(bytes, at, line), more: line.more }))
      return false;
    number += 1;
  }
  return true;
}
