import type { FileHandle } from 'node:fs/promises';
import { listSegments, type Segment } from '../../shared/audit/segments.ts';
import { createLineCutter } from './bounded-lines.ts';
import type { LogPlace } from './log-position.ts';
import { openSegment, type SegmentReader } from './segment-reader.ts';

const NEWLINE = 0x0a;
const BLOCK_BYTES = 64 * 1024;
/** How often a log is looked at anew because its files were rotated, compressed or removed meanwhile. */
const LOOKS_MAXIMUM = 5;

/** Where the last lines of a file begin, in bytes of the plain file, and how many they are. */
interface LastLines {
  readonly offset: number;
  readonly count: number;
}

/**
 * Where the last `count` lines of a log begin, which may be in an earlier segment; 0 gives the end of its last whole line.
 * Throws what listing, opening and reading throws, and Error "it does not exist" for a log without any file.
 */
export async function placeOfLastLines(path: string, count: number): Promise<LogPlace> {
  for (let look = 0; look < LOOKS_MAXIMUM; look += 1) {
    const segments = await listSegments(path);
    if (segments.length === 0) throw new Error('it does not exist');
    const place = await placeWithin(segments, count);
    if (place !== null && sameFiles(segments, await listSegments(path))) return place;
  }
  throw new Error('its files change faster than they can be read');
}

function sameFiles(one: readonly Segment[], other: readonly Segment[]): boolean {
  return one.length === other.length && one.every(({ path }, index) => path === other[index]?.path);
}

/** null: a file is no longer there. */
async function placeWithin(segments: readonly Segment[], count: number): Promise<LogPlace | null> {
  let place: LogPlace | null = null;
  let missing = count;
  for (const segment of segments.toReversed()) {
    const reader = await openSegment(segment);
    if (reader === null) return null;
    try {
      const last = segment.isCompressed
        ? await lastLinesForward(reader, missing)
        : await lastLinesBackward(reader.file, missing);
      place = { segment: reader.first, offset: last.offset };
      missing -= last.count;
    } finally {
      await reader.close();
    }
    if (missing <= 0) break;
  }
  return place;
}

/**
 * Reads a plain file backwards, a block at a time, so that a log of any size costs no more than what is printed. A last
 * line without a newline counts as one.
 */
async function lastLinesBackward(file: FileHandle, count: number): Promise<LastLines> {
  const { size } = await file.stat();
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  let passed = -1;
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const { bytesRead } = await file.read(block, 0, end - start, start);
    for (let index = bytesRead - 1; index >= 0; index -= 1) {
      if (block[index] !== NEWLINE) {
        // The end of a file that does not end in a newline ends a line all the same.
        if (start + index === size - 1 && count > 0) passed += 1;
        continue;
      }
      passed += 1;
      if (passed === count) return { offset: start + index + 1, count };
    }
    end = start;
  }
  return { offset: 0, count: Math.max(0, passed + 1) };
}

/** Compressed bytes can be read forwards only: keeps where the last `count` lines began. */
async function lastLinesForward(reader: SegmentReader, count: number): Promise<LastLines> {
  const lines = createLineCutter();
  const starts: number[] = [];
  let end = 0;
  let total = 0;
  const add = (start: number): void => {
    if (count > 0) starts[total % count] = start;
    total += 1;
  };
  for (;;) {
    const piece = await reader.read();
    if (piece.length === 0) break;
    for (const line of lines.push(piece)) {
      add(end);
      end = line.end;
    }
  }
  if (lines.rest().length > 0 && count > 0) add(end);
  return { offset: total >= count ? (starts[total % count] ?? end) : 0, count: Math.min(total, count) };
}
