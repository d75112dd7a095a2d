import { expect, test } from 'vitest';
import { encodeReply } from '../../../src/broker/respond/encode-reply.ts';
import { parseJson } from '../../../src/shared/json/parse.ts';
import type { JsonValue } from '../../../src/shared/json-value.ts';

const LIMITS = { depth: 64, keys: 100_000 };
const ENOUGH = 40_000;

function expectAsStringified(reply: JsonValue): void {
  const encoded = encodeReply(reply);
  const bytes = typeof encoded === 'string' ? Buffer.from(encoded) : Buffer.concat(encoded);
  expect(bytes.equals(Buffer.from(JSON.stringify(reply)))).toBe(true);
}

test.each([
  ['ASCII', 'a line of words, and more of them. '],
  ['what JSON escapes', '"\\\n\r\t\b\f\u0000\u001f\u007f'],
  ['NUL alone', '\0'],
  ['latin1', 'größe '],
  ['characters of three bytes', '日本語'],
  ['pairs of surrogates', '😀🔑'],
  ['pairs and an ASCII character', '😀a'],
  ['lone halves', 'a\ud800\udc00\udc00\ud800'],
  ['a first half alone', '\ud83d'],
  ['a second half alone', '\ude00'],
  ['separators of lines', '\u2028\u2029'],
])('a long string is encoded just as JSON.stringify does, wherever its pieces end: %s', (_name, unit) => {
  const text = unit.repeat(Math.ceil(ENOUGH / unit.length));
  for (const before of ['', 'x', 'xy'])
    for (const length of [16_383, 16_384, 16_385, 17_408, 17_409, ENOUGH]) {
      const given = `${before}${text}`.slice(0, length);
      for (const reply of [given, [given], { result: given }]) expectAsStringified(reply);
    }
});

test('long strings stand among other values, at any depth, under any name', () => {
  const long = 'words and "words"\n'.repeat(3_000);
  const other = { a: [1, -0, 1e21, 0.1, true, false, null, '', {}, []], 'b "c"\u0001': '\u2028' };
  const many = Array.from({ length: 20_000 }, (_, at) => ({ at, text: `größe ${at}` }));
  for (const value of [
    [long, long],
    { [long]: 1, long },
    { [long]: long, 2: long, 1: long },
    [many, long, many],
    { ...other, long, other: { other: [other, { long }, other] }, last: other },
    { a: [[[[long]]], []], b: {}, c: [{}], d: [] },
  ])
    expectAsStringified({ jsonrpc: '2.0', id: 'é"', result: value, _meta: other });
});

test('a reply without a long string is one text', () => {
  const reply = { jsonrpc: '2.0', id: 1, result: ['short'.repeat(1_000), { a: 1 }] };
  expect(encodeReply(reply)).toBe(JSON.stringify(reply));
});

test('what was parsed strictly is read again as the same', () => {
  const given = Buffer.from(JSON.stringify({ __a: '\u0000😀'.repeat(9_000), '1': ['é'.repeat(20_000)] }));
  const value = parseJson(given, LIMITS);
  const encoded = encodeReply(value);
  if (typeof encoded === 'string') throw new Error('It holds a long string');
  expect(parseJson(Buffer.concat(encoded), LIMITS)).toEqual(value);
});
