import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLineReader, type LineReader } from '../../../src/broker/frame/lines.ts';
import { growth } from '../../support/growth.ts';

function collect(maximumBytes: number): { reader: LineReader; lines: string[]; tooLong: () => number } {
  const lines: string[] = [];
  let refusals = 0;
  const reader = createLineReader(maximumBytes, {
    line: (bytes) => lines.push(Buffer.from(bytes).toString('latin1')),
    tooLong: () => {
      refusals += 1;
    },
  });
  return { reader, lines, tooLong: () => refusals };
}

function linesOf(chunks: readonly Uint8Array[], maximumBytes: number): readonly string[] {
  const { reader, lines, tooLong } = collect(maximumBytes);
  for (const chunk of chunks) reader.push(chunk);
  return [...lines, ...Array<string>(tooLong()).fill('too long'), `pending ${reader.pending}`];
}

describe('lines', () => {
  test('end at LF, lose one CR before it, and are ignored when empty', () => {
    expect(linesOf([Buffer.from('a\r\n\n\r\nb\n \nc\r\r\nd\re\nf')], 99)).toEqual([
      'a',
      'b',
      ' ',
      'c\r',
      'd\re',
      'pending true',
    ]);
  });

  test('are the same for every cut, also inside a character and inside CR LF (T7)', () => {
    const bytes = Buffer.from('{"a":"é😀"}\r\n\r\n[1]\n€\r\n{"part');
    for (const maximumBytes of [99, 17, 16, 4]) {
      const whole = linesOf([bytes], maximumBytes);
      for (let first = 0; first <= bytes.length; first += 1) {
        for (let second = first; second <= bytes.length; second += 1) {
          const chunks = [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)];
          expect(linesOf(chunks, maximumBytes)).toEqual(whole);
        }
      }
      expect(
        linesOf(
          Array.from(bytes, (byte) => Uint8Array.of(byte)),
          maximumBytes,
        ),
      ).toEqual(whole);
    }
  });

  test('are the same for any bytes in any chunks (T7)', () => {
    const chunk = fc
      .array(fc.constantFrom(0x0a, 0x0d, 0x61, 0xff), { maxLength: 12 })
      .map((bytes) => Uint8Array.from(bytes));
    fc.assert(
      fc.property(fc.array(chunk), fc.integer({ min: 1, max: 8 }), (chunks, maximumBytes) => {
        expect(linesOf(chunks, maximumBytes)).toEqual(linesOf([Buffer.concat(chunks)], maximumBytes));
      }),
    );
  });

  test('that come in one chunk with a part of the next are each reported once (T8)', () => {
    const { reader, lines } = collect(99);
    reader.push(Buffer.from('one\ntwo\nthr'));
    expect(lines).toEqual(['one', 'two']);
    reader.push(Buffer.from('ee\n'));
    expect(lines).toEqual(['one', 'two', 'three']);
  });

  test('keep their bytes when their chunk is used again', () => {
    const { reader, lines } = collect(99);
    const chunk = Buffer.from('begun');
    reader.push(chunk);
    chunk.fill('x');
    reader.push(Buffer.from('\n'));
    expect(lines).toEqual(['begun']);
  });
});

describe('a line over the limit', () => {
  test('is reported once and ends all reporting (T1)', () => {
    expect(linesOf([Buffer.from('ok\n12345\nlater\n')], 4)).toEqual(['ok', 'too long', 'pending false']);
    const { reader, lines, tooLong } = collect(4);
    for (const part of ['123', '45', '6\n', 'later\n']) reader.push(Buffer.from(part));
    expect([lines, tooLong()]).toEqual([[], 1]);
  });

  test('is one byte longer than the longest that passes, CR counted', () => {
    expect(linesOf([Buffer.from('1234\n')], 4)).toEqual(['1234', 'pending false']);
    expect(linesOf([Buffer.from('123\r\n')], 4)).toEqual(['123', 'pending false']);
    expect(linesOf([Buffer.from('1234\r\n')], 4)).toEqual(['too long', 'pending false']);
    expect(linesOf([Buffer.from('12345')], 4)).toEqual(['too long', 'pending false']);
  });
});

describe('a reader', () => {
  test('is pending from the first byte of a line to its end, so that a deadline can run (T2)', () => {
    const { reader } = collect(99);
    const seen = ['', 'a', 'b', '\n', '\r', '\n', 'c\nd', '\n'].map((part) => {
      reader.push(Buffer.from(part));
      return reader.pending;
    });
    expect(seen).toEqual([false, true, true, false, true, false, true, false]);
  });

  test('can be stopped from within a line, and then reports nothing more', () => {
    const lines: string[] = [];
    const reader = createLineReader(99, {
      line: (bytes) => {
        lines.push(Buffer.from(bytes).toString());
        reader.stop();
      },
      tooLong: () => lines.push('too long'),
    });
    reader.push(Buffer.from('one\ntwo\nthree'));
    reader.push(Buffer.from('\nfour\n'));
    reader.push(Buffer.alloc(200));
    expect(lines).toEqual(['one']);
    expect(reader.pending).toBe(false);
  });

  test('needs time in proportion to a line, however small its chunks are (T1)', () => {
    for (const [bytes, chunkBytes] of [
      [524_288, 16],
      [2_097_152, 256],
    ] as const) {
      const chunk = new Uint8Array(chunkBytes).fill(0x61);
      function push(length: number): void {
        const { reader } = collect(length);
        for (let sent = 0; sent < length; sent += chunk.length) reader.push(chunk);
      }
      // A quadratic reader needs 64 times as long for eight times the bytes.
      expect(growth(bytes, push)).toBeLessThan(24);
    }
  });
});
