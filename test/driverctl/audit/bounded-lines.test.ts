import { expect, test } from 'vitest';
import { createLineCutter } from '../../../src/driverctl/audit/bounded-lines.ts';
import { LINE_BYTES_MAXIMUM } from '../../../src/shared/audit/record.ts';

/** Cuts a text that comes in pieces of one length; lines as text with where each ends. */
function cut(
  text: string,
  pieceBytes: number,
): { lines: (readonly [string, number, boolean])[]; rest: string } {
  const cutter = createLineCutter(1_000);
  const bytes = Buffer.from(text);
  const lines: (readonly [string, number, boolean])[] = [];
  for (let start = 0; start < bytes.length; start += pieceBytes) {
    for (const line of cutter.push(bytes.subarray(start, start + pieceBytes)))
      lines.push([line.bytes.toString(), line.end, line.isOverlong]);
  }
  return { lines, rest: cutter.rest().toString() };
}

test.each([1, 2, 3, 7, 100])(
  'lines are the same however their bytes are split: in pieces of %i',
  (pieceBytes) => {
    expect(cut('a\n\nbcd\nef', pieceBytes)).toEqual({
      lines: [
        ['a', 1_002, false],
        ['', 1_003, false],
        ['bcd', 1_007, false],
      ],
      rest: 'ef',
    });
  },
);

test.each([1_000, 65_536, 1_000_000])(
  'a line that is longer than any record is cut, and the next one begins behind its end: in pieces of %i',
  (pieceBytes) => {
    const text = `${'x'.repeat(LINE_BYTES_MAXIMUM)}\n${'y'.repeat(200_000)}\nz\n${'w'.repeat(100_000)}`;
    const { lines, rest } = cut(text, pieceBytes);
    expect(lines).toEqual([
      ['x'.repeat(LINE_BYTES_MAXIMUM), 1_000 + LINE_BYTES_MAXIMUM + 1, false],
      ['y'.repeat(LINE_BYTES_MAXIMUM), 1_000 + LINE_BYTES_MAXIMUM + 1 + 200_001, true],
      ['z', 1_000 + LINE_BYTES_MAXIMUM + 1 + 200_003, false],
    ]);
    expect(rest).toBe('w'.repeat(LINE_BYTES_MAXIMUM));
  },
);
