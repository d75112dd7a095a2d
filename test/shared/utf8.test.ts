import { expect, test } from 'vitest';
import { utf8Bytes } from '../../src/shared/utf8.ts';

const LENGTHS = [0, 1, 100, 8_191, 8_192, 8_193, 70_000];

test.each([
  ['ASCII', 'a line of words\n'],
  ['latin1', 'größe '],
  ['two bytes', 'Ωμέγα '],
  ['three bytes', '日本語 '],
  ['four bytes', 'a😀b🔑'],
  ['a lone first half', 'a\ud800'],
  ['a lone second half', '\udc00 b'],
  ['NUL and a byte order mark', '\0\ufeff'],
])('short and long texts are encoded as Buffer.from does: %s', (_name, unit) => {
  for (const length of LENGTHS) {
    const text = unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
    expect(utf8Bytes(text).equals(Buffer.from(text))).toBe(true);
  }
});

test('texts stand one behind the other, also where a character begins in one and ends in the next', () => {
  const text = '😀é'.repeat(10_000);
  for (const at of [0, 1, 2, 9_999, text.length])
    expect(utf8Bytes(text.slice(0, at), text.slice(at), '\n').equals(Buffer.from(`${text}\n`))).toBe(true);
});
