import { LINE_BYTES_MAXIMUM } from '../../shared/audit/record.ts';
import type { SegmentReader } from './segment-reader.ts';

const NEWLINE = 0x0a;
const NOTHING = Buffer.alloc(0);

/** Takes a line without its newline, at most LINE_BYTES_MAXIMUM bytes of it, valid until it returns. False: no more is wanted. */
export type TakeLine = (line: Buffer) => boolean;

/**
 * Gives the lines of a segment that hold one of the needles: those are looked for in whole pieces, so that what holds none is
 * never cut into lines. A line that holds several may be given for each, and out of order within a piece. What stands behind
 * the last newline is a line as well. Memory is bounded by a piece and a line.
 * @param needles without newlines; null: every line
 * @returns false where `take` wanted no more
 * @throws what reading throws
 */
export async function scanSegment(
  reader: SegmentReader,
  needles: readonly Buffer[] | null,
  take: TakeLine,
): Promise<boolean> {
  /** The beginning of the line that a piece ended in; a longer one than any record is cut. */
  let held: Buffer = NOTHING;
  const hold = (part: Buffer): void => {
    held = Buffer.concat([held, part.subarray(0, LINE_BYTES_MAXIMUM - held.length)]);
  };
  const takeHeld = (): boolean => {
    const line = held;
    held = NOTHING;
    return line.length === 0 || needles?.some((needle) => line.includes(needle)) === false || take(line);
  };
  for (;;) {
    const piece = await reader.read();
    if (piece.length === 0) return takeHeld();
    const first = piece.indexOf(NEWLINE);
    if (first === -1) {
      hold(piece);
      continue;
    }
    const last = piece.lastIndexOf(NEWLINE);
    hold(piece.subarray(0, first));
    if (!takeHeld()) return false;
    const whole = piece.subarray(first + 1, last + 1);
    const goOn =
      needles === null ? takeAll(whole, take) : needles.every((needle) => takeHolding(whole, needle, take));
    if (!goOn) return false;
    hold(piece.subarray(last + 1));
  }
}

function takeAll(lines: Buffer, take: TakeLine): boolean {
  for (let start = 0; start < lines.length; ) {
    const end = lines.indexOf(NEWLINE, start);
    if (!take(lines.subarray(start, Math.min(end, start + LINE_BYTES_MAXIMUM)))) return false;
    start = end + 1;
  }
  return true;
}

function takeHolding(lines: Buffer, needle: Buffer, take: TakeLine): boolean {
  for (let found = lines.indexOf(needle); found !== -1; ) {
    const start = lines.lastIndexOf(NEWLINE, found) + 1;
    const end = lines.indexOf(NEWLINE, found);
    if (!take(lines.subarray(start, Math.min(end, start + LINE_BYTES_MAXIMUM)))) return false;
    found = lines.indexOf(needle, end + 1);
  }
  return true;
}
