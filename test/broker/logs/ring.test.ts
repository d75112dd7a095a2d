import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LONGEST_LINE } from '../../../src/broker/logs/lines.ts';
import { createRing, type Ring, type Said, type SaidLine } from '../../../src/broker/logs/ring.ts';
import { growth } from '../../support/growth.ts';

const SIZE = 65_536;
const SAID: Said = { time: 0, launch: 1, request: 'r', source: 'stderr', level: 'info' };

function readAll(ring: Ring, from = 0): SaidLine[] {
  const lines: SaidLine[] = [];
  ring.read(from, (line) => lines.push(line) > 0);
  return lines;
}

const textsOf = (ring: Ring, from = 0): string[] => readAll(ring, from).map(({ text }) => text);

describe('a ring', () => {
  test('gives back the lines of each launch with their numbers, from any number on', () => {
    const ring = createRing(SIZE, 5);
    ring.push(SAID, Buffer.from('one\ntwo\r\n\n'));
    ring.push({ ...SAID, launch: 2, source: 'log', level: 'warn' }, Buffer.from('three\n'));
    expect(readAll(ring).map(({ number, launch, level, text }) => [number, launch, level, text])).toEqual([
      [5, 1, 'info', 'one'],
      [6, 1, 'info', 'two'],
      [7, 1, 'info', ''],
      [8, 2, 'warn', 'three'],
    ]);
    expect(textsOf(ring, 7)).toEqual(['', 'three']);
    expect([ring.first, ring.next]).toEqual([5, 9]);
  });

  test('stops reading where no more is wanted', () => {
    const ring = createRing(SIZE, 0);
    ring.push(SAID, Buffer.from('one\ntwo\nthree\n'));
    const seen: string[] = [];
    ring.read(0, ({ text }) => seen.push(text) < 2);
    expect(seen).toEqual(['one', 'two']);
  });

  test('keeps the last lines, whole, whatever was pushed: as many bytes and segments as it has room for', () => {
    const piece = fc.tuple(fc.integer({ min: 1, max: 3 * LONGEST_LINE }), fc.nat(40));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 120 }), (pieces) => {
        const ring = createRing(SIZE, 0);
        const all: string[] = [];
        for (const [index, [length, empty]] of pieces.entries()) {
          const line = `${index}:${'x'.repeat(length)}`;
          ring.push(SAID, Buffer.from(`${line}\n${'\n'.repeat(empty)}`));
          for (let at = 0; at < line.length; at += LONGEST_LINE) all.push(line.slice(at, at + LONGEST_LINE));
          all.push(...Array.from({ length: empty }, () => ''));
        }
        const kept = textsOf(ring);
        expect(ring.next).toBe(all.length);
        expect(ring.next - ring.first).toBe(kept.length);
        expect(kept).toEqual(all.slice(all.length - kept.length));
        // What is dropped is no more than a segment and the end of the memory that one did not fit into.
        const bytes = kept.reduce((sum, text) => sum + text.length + 1, 0);
        if (kept.length < all.length) expect(bytes).toBeGreaterThan(SIZE / 4);
        expect(bytes).toBeLessThanOrEqual(2 * SIZE);
      }),
      { numRuns: 60 },
    );
  });

  test('keeps a bounded number of segments where each line comes by itself', () => {
    const ring = createRing(SIZE, 0);
    for (let line = 0; line < 10_000; line += 1) ring.push(SAID, Buffer.from(`${line}\n`));
    expect(readAll(ring)).toHaveLength(SIZE / 256);
    expect(textsOf(ring).at(-1)).toBe('9999');
  });

  test('cuts a line that is too long between characters, and says where it goes on', () => {
    const ring = createRing(SIZE, 0);
    ring.push(SAID, Buffer.from(`x${'ä'.repeat(3_000)}\nshort\n`));
    const lines = readAll(ring);
    expect(lines.map(({ more }) => more)).toEqual([true, false, false]);
    expect(`${lines[0]?.text}${lines[1]?.text}`).toBe(`x${'ä'.repeat(3_000)}`);
  });

  test('hands what it keeps to a ring of another size, with the same numbers', () => {
    const [small, large] = [createRing(SIZE, 0), createRing(2 * SIZE, 0)];
    for (let line = 0; line < 100; line += 1) large.push(SAID, Buffer.from(`${line}:${'y'.repeat(1_000)}\n`));
    large.copyTo(small);
    expect(small.next).toBe(100);
    expect(textsOf(small, 99)).toEqual(textsOf(large, 99));
    expect(small.first).toBeGreaterThan(0);
  });

  test('what is no text and what a terminal would act on is shown as visible escapes', () => {
    const ring = createRing(SIZE, 0);
    const hostile = Buffer.from('\x1b[2J\x00\x07\t\u009b\u202e\u2028\ufeff');
    ring.push(SAID, Buffer.concat([Buffer.of(0xff, 0xc3), hostile, Buffer.from('\n')]));
    expect(textsOf(ring)).toEqual(['\ufffd\ufffd\\x1b[2J\\x00\\x07\\t\\x9b\\u{202e}\\u{2028}\\u{feff}']);
  });

  test.each([
    ['empty lines', '\n'],
    ['short lines', 'a\n'],
    ['no lines', 'x'],
  ])('a flood of %s costs time that grows with its length (D6)', (_name, unit) => {
    const ring = createRing(SIZE, 0);
    const ratio = growth(40_000, (bytes) => ring.push(SAID, Buffer.alloc(bytes, unit)));
    expect(ratio).toBeLessThan(24);
  });
});
