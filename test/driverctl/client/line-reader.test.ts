import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLineReader } from '../../../src/driverctl/client/line-reader.ts';

describe('a reader of lines', () => {
  test('gives the same lines however the bytes are split', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.nat({ max: 5 })), (texts, cuts) => {
        const expected = texts.map((text) => text.replaceAll('\n', ' '));
        const bytes = Buffer.from(expected.map((text) => `${text}\n`).join(''));
        const reader = createLineReader(1_000_000);
        const lines: string[] = [];
        let start = 0;
        for (const cut of [...cuts, bytes.length]) {
          for (const line of reader.push(bytes.subarray(start, start + cut))) lines.push(line.toString());
          start += cut;
        }
        expect(lines).toEqual(expected);
        expect(reader.rest().length).toBe(0);
      }),
    );
  });

  test('refuses a line over its limit before its end has come (U5)', () => {
    const reader = createLineReader(4);
    expect(reader.push(Buffer.from('abcd\nab')).map(String)).toEqual(['abcd']);
    expect(reader.rest().toString()).toBe('ab');
    expect(() => reader.push(Buffer.from('cde'))).toThrow(RangeError);
  });
});
