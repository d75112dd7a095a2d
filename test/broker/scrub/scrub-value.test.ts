import { expect, test } from 'vitest';
import { createScrubber, type KnownSecret } from '../../../src/broker/scrub/scrubber.ts';
import type { JsonValue } from '../../../src/shared/json-value.ts';

const secret = (name: string, value: string): KnownSecret => ({ name, value: Buffer.from(value) });
const marker = (kind: string): string => [`-----${kind} PRIV`, 'ATE KEY-----'].join('');
const KEY = 'b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ';
const plain = createScrubber([]);

function scrub(secrets: readonly KnownSecret[], value: JsonValue): { value: unknown; counts: unknown } {
  const scrubbed = createScrubber(secrets).value(value);
  return { value: JSON.parse(JSON.stringify(scrubbed.value)), counts: Object.fromEntries(scrubbed.counts) };
}

test('a number that is a known value is masked, another one stays a number', () => {
  const given = { a: 8_273_645_199, b: [8_273_645_199, 1], c: 82_736_451, d: -1.5, e: 0 };
  expect(scrub([secret('pin', '8273645199')], given)).toEqual({
    value: { a: '[REDACTED:pin]', b: ['[REDACTED:pin]', 1], c: 82_736_451, d: -1.5, e: 0 },
    counts: { pin: 2 },
  });
});

test.each([
  ['0012345678', 12_345_678],
  ['12345678901234567890', 12_345_678_901_234_567_000],
  ['12345.10', 12_345.1],
])('the known value %s is masked as a number too', (value, number) => {
  expect(scrub([secret('pin', value)], { number })).toEqual({
    value: { number: '[REDACTED:pin]' },
    counts: { pin: 1 },
  });
});

test('a number in a member whose name says that it is a secret is masked', () => {
  expect(scrub([], { password: 8_273_645_199, api_key: 'x', token: '', passwords: 3 })).toEqual({
    value: {
      ...{ password: '[REDACTED:secret-member]', api_key: '[REDACTED:secret-member]' },
      ...{ token: '', passwords: 3 },
    },
    counts: { 'secret-member': 2 },
  });
});

test('a value of several short lines is masked in each item of a list that has a part of it, and counted once', () => {
  const secrets = [secret('words', 'one\ntwo\n\nsix\nten\n')];
  expect(scrub(secrets, ['first', 'one', 'two', '', 'six', 'ten', 'last'])).toEqual({
    value: ['first', ...Array.from({ length: 5 }, () => '[REDACTED:words]'), 'last'],
    counts: { words: 1 },
  });
  expect(scrub(secrets, ['x one', 'two', '', 'six', 'ten y', 'one', 'two'])).toEqual({
    value: [
      'x [REDACTED:words]',
      ...Array.from({ length: 3 }, () => '[REDACTED:words]'),
      '[REDACTED:words] y',
      'one',
      'two',
    ],
    counts: { words: 1 },
  });
  expect(scrub(secrets, ['one\ntwo', '\nsix', 'ten', ''])).toEqual({
    value: ['[REDACTED:words]', '[REDACTED:words]', '[REDACTED:words]', ''],
    counts: { words: 1 },
  });
});

test('a key block in a list is masked to its end, where an item holds several lines too', () => {
  const { value, counts } = plain.value([
    marker('BEGIN'),
    `${KEY}\n${KEY}`,
    KEY,
    marker('END'),
    'after',
    'x\ny',
  ]);
  expect(JSON.stringify(value)).not.toContain('b3Blbn');
  expect(value).toEqual(expect.arrayContaining(['after', 'x\ny']));
  expect(counts.get('private-key')).toBe(5);
});

test('a list with nothing to mask stays as it is, with its empty items and its newlines', () => {
  const list = ['', 'a\nb', '', '\n', 'äöü'];
  expect(plain.value(list).value).toEqual(list);
  const some = createScrubber([secret('word', 'swordfish')]).value([...list, 'ä swordfish ü', ...list]).value;
  expect(some).toEqual([...list, 'ä [REDACTED:word] ü', ...list]);
});

test('a pointer to a place in a result tells no secret that is a name in it (C9)', () => {
  const { pointer } = createScrubber([secret('word', 'sword/f~ish')]);
  expect(pointer('/a/sword~1f~0ish/0').pointer).toBe('/a/[REDACTED:word]/0');
  expect(pointer('/x~1y/~0z').pointer).toBe('/x~1y/~0z');
  expect(pointer('').pointer).toBe('');
  expect(pointer(`/${['AKIA', 'Z7QW3N5RT2LKX6PM'].join('')}`).pointer).toBe('/[REDACTED:aws-access-key-id]');
});
