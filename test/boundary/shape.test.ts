import { expect, test } from 'vitest';
import { count, list, messageReader, nullable, object, printable } from '../../src/boundary/shape.ts';

const read = messageReader({
  say: { number: count, text: nullable(printable(8)), more: list(object({ rule: printable(8) }), 2) },
  done: {},
});

const good = { type: 'say', number: 1, text: null, more: [{ rule: 'a' }] };

test('a message that is in the table is read', () => {
  expect(read(Buffer.from(JSON.stringify(good)))).toEqual(good);
  expect(read(Buffer.from('{"type":"done"}'))).toEqual({ type: 'done' });
});

test.each([
  ['no JSON', 'say'],
  ['nothing', ''],
  ['a list', '[]'],
  ['null', 'null'],
  ['nesting without end', `${'['.repeat(8_000)}${']'.repeat(8_000)}`],
  ['a type that is no type of the table', JSON.stringify({ ...good, type: 'run' })],
  ['a type that every object has', '{"type":"toString"}'],
  ['a type that is no text', '{"type":{}}'],
  ['a field less', JSON.stringify({ ...good, text: undefined })],
  ['a field more', JSON.stringify({ ...good, uid: 0 })],
  ['a field more that is not seen', `{"__proto__":{"uid":0},${JSON.stringify(good).slice(1)}`],
  ['a field of another name', JSON.stringify(good).replace('number', 'numbers')],
  ['fields of a prototype', '{"type":"say","__proto__":{"number":1,"text":null,"more":[]},"a":1,"b":2}'],
  ['a field of another type', JSON.stringify({ ...good, number: '1' })],
  ['a list where an object belongs', JSON.stringify({ ...good, more: [['a']] })],
  ['a list that is too long', JSON.stringify({ ...good, more: [1, 2, 3].map(() => ({ rule: 'a' })) })],
])('a message with %s is none (O13)', (_what, body) => {
  expect(read(Buffer.from(body))).toBeNull();
});

test('of a field that is there twice, what is checked is what is read (O13)', () => {
  const twice = JSON.stringify(good).replace('"number":1', '"number":"x","number":2');
  expect(read(Buffer.from(twice))).toEqual({ ...good, number: 2 });
  expect(read(Buffer.from(twice.replace('"number":2', '"number":-2')))).toBeNull();
});
