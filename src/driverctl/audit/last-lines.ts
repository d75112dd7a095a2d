import type { FileHandle } from 'node:fs/promises';
import { createLineCutter } from './bounded-lines.ts';
import type { LogPlace } from './log-position.ts';
import { openLog, openWherever } from './log-segments.ts';
import type { SegmentReader } from './segment-reader.ts';

const NEWLINE = 0x0a;
const BLOCK_BYTES = 64 * 1024;
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
  const { closed, open } = await openLog(path);
  let place: LogPlace = { segment: open?.first ?? null, offset: 0 };
  let missing = count;
  const look = async (reader: SegmentReader): Promise<void> => {
    const { segment, file, first } = reader;
    const last = segment.isCompressed
      ? await lastLinesForward(reader, missing)
      : await lastLinesBackward(file, missing);
    place = { segment: first, offset: last.offset };
    missing -= last.count;
  };
  try {
    if (open !== null) await look(open);
  } finally {
    await open?.close();
  }
  for (const segment of closed.toReversed()) {
    if (open !== null && missing <= 0) break;
    const reader = await openWherever(segment);
    // Retention removes the oldest: nothing is left before it.
    if (reader === null) break;
    await look(reader).finally(() => reader.close());
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
