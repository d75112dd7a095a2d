import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RULES } from '../../../src/broker/scrub/rules/all.ts';
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

describe('a value that is a secret by what is called so', () => {
  const MEMBER = '[REDACTED:secret-member]';

  test.each([
    ...['password', 'DB_PASSWORD', 'dbPassword', 'client-secret', 'clientSecret', 'accessToken', 'apiKey'],
    ...['aws_secret_access_key', 'Token', 'private_key', 'db_pass', 'token2'],
  ])('is masked in the member %s', (name) => {
    expect(scrub([], { [name]: 'zx81' }).value).toEqual({ [name]: MEMBER });
  });

  test.each(['passed', 'tokens', 'token_type', 'password_policy', 'secretName', 'nextPageToken', 'keyboard'])(
    'stays in the member %s, which is no name of a secret',
    (name) => {
      expect(scrub([], { [name]: 'zx81' }).value).toEqual({ [name]: 'zx81' });
    },
  );

  test('is masked where its name is the value of a member beside it', () => {
    const given = {
      env: [
        { name: 'DB_PASSWORD', value: 'zx81' },
        { name: 'HOME', value: '/root' },
        { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      ],
      Tags: [{ Key: 'api-key', Value: 12 }],
      headers: [{ name: 'Authorization', value: 'Bearer abcdef0123456789' }],
    };
    const authorization = expect.stringMatching(/^Bearer \[REDACTED:[a-z-]+\]$/);
    expect(scrub([], given).value).toEqual({
      env: [{ name: 'DB_PASSWORD', value: MEMBER }, given.env[1], given.env[2]],
      Tags: [{ Key: 'api-key', Value: MEMBER }],
      headers: [{ name: 'Authorization', value: authorization }],
    });
  });

  test('is masked in each item of a list of that name, and in all data of a Kubernetes secret', () => {
    const given = {
      ...{ password: ['one', 'two'], kind: 'Secret', metadata: { name: 'db' } },
      ...{ data: { user: 'Ym9i', n: 4 }, stringData: { host: 'db.example' } },
    };
    expect(scrub([], given).value).toEqual({
      ...{ password: [MEMBER, MEMBER], kind: 'Secret', metadata: { name: 'db' } },
      ...{ data: { user: MEMBER, n: MEMBER }, stringData: { host: MEMBER } },
    });
  });

  test('is masked in the environment and behind an option in the arguments of a container', () => {
    const given = {
      Env: ['PATH=/usr/bin', 'DB_PASSWORD=hunter2-hunter2'],
      Args: ['serve', '--password', 'zx81', '--token', '--verbose', 'yes'],
    };
    expect(scrub([], given)).toEqual({
      value: {
        Env: ['PATH=/usr/bin', 'DB_PASSWORD=[REDACTED:assigned-secret]'],
        Args: ['serve', '--password', '[REDACTED:secret-argument]', '--token', '--verbose', 'yes'],
      },
      counts: { 'assigned-secret': 1, 'secret-argument': 1 },
    });
  });

  test('stays where it stands for none, or is masked already', () => {
    const given = { password: '********', token: null, secret: '', a: { api_key: '<hidden>', passwd: true } };
    expect(scrub([], given)).toEqual({ value: given, counts: {} });
    const once = scrub([], { password: 'zx81', token: 12 }).value as JsonValue;
    expect(scrub([], once)).toEqual({ value: once, counts: {} });
  });
});

test('names that become the same mark are numbered, so that no member is lost (C8)', () => {
  const secrets = [secret('a', 'swordfish-1'), secret('b', 'swordfish-2')];
  const given = { 'x swordfish-1': 1, 'x [REDACTED:a]': 2, y: 3, 'y swordfish-2': 4, 'x [REDACTED:a] 2': 5 };
  expect(scrub(secrets, given).value).toEqual({
    ...{ 'x [REDACTED:a]': 1, 'x [REDACTED:a] 2': 2, y: 3, 'y [REDACTED:b]': 4, 'x [REDACTED:a] 2 2': 5 },
  });
});

describe('a value and its JSON text', () => {
  const known = [secret('token', 'swordfish "1" & \\ é'), secret('words', 'plain-words-12')];
  const withKnown = createScrubber(known);
  /** Where the value form knows a secret by its name alone, the text form has a rule for such assignments. */
  const withoutNames = (text: string): string => text.replaceAll(/\[REDACTED:[\w.-]+\]/g, '[REDACTED]');

  const strings = fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.constantFrom(
      ...known.map(({ value }) => value.toString()),
      ...RULES.filter(({ id }) => id !== 'cookie-header').flatMap(({ examples }) => examples),
    ),
  );
  const values = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      strings,
      fc.integer(),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.string({ maxLength: 6 }), tie('value'), { maxKeys: 3 }),
    ),
  })).value;

  test('hide the same members', () => {
    for (const given of [
      { password: 'hunter2-hunter2', user: 'bob', n: 1 },
      { a: [{ client_secret: 'hunter2-hunter2' }], b: { c: 'password=hunter2-hunter2' } },
      { log: 'x plain-words-12 y', 'plain-words-12': 'plain-words-12' },
      { url: ['postgres://app:', 's3cr3t-pass', '@db.example/x'].join('') },
    ]) {
      const text = withKnown.text(JSON.stringify(given)).text;
      expect(JSON.parse(withoutNames(text))).toEqual(
        JSON.parse(withoutNames(JSON.stringify(withKnown.value(given).value))),
      );
    }
  });

  test('hold no known value and nothing that the text form would still mask (C8)', () => {
    fc.assert(
      fc.property(values, (given) => {
        const scrubbed = JSON.stringify(withKnown.value(given).value);
        for (const { value } of known) {
          expect(scrubbed).not.toContain(value.toString());
          expect(scrubbed).not.toContain(JSON.stringify(value.toString()).slice(1, -1));
        }
        expect(withKnown.text(scrubbed).text).toBe(scrubbed);
        expect(withKnown.value(JSON.parse(scrubbed)).value).toEqual(JSON.parse(scrubbed));
      }),
    );
  });

  test.each([
    ['two objects deep', (example: string): JsonValue => ({ '': { '': example } })],
    ['two arrays deep', (example: string): JsonValue => [[example]]],
    ['before another member', (example: string): JsonValue => [{ a: { b: example } }, { c: 1 }]],
  ])(
    'agree on the example of each rule %s: what is masked ends before the JSON goes on',
    (_where, placed) => {
      for (const example of RULES.flatMap(({ examples }) => examples)) {
        const scrubbed = JSON.stringify(withKnown.value(placed(example)).value);
        expect(withKnown.text(scrubbed).text).toBe(scrubbed);
      }
    },
  );

  test('turn by turn give the same as at once, however large', async () => {
    const rows = Array.from({ length: 3_000 }, (_, at) => ({
      ...{ id: at, note: at % 7 === 0 ? 'x plain-words-12' : 'nothing here', password: `p-${at}` },
      lines: ['one', `token=abcdefgh${at}`],
    }));
    const given = { rows, text: `${'plain-words-12 '.repeat(9_000)}end`, list: rows.map(({ note }) => note) };
    const inTurns = await withKnown.valueInTurns(given);
    const atOnce = withKnown.value(given);
    expect(inTurns).toEqual(atOnce);
    expect(JSON.stringify(inTurns.value)).not.toContain('plain-words-12');
    expect(withKnown.text(given.text).text).toBe(Object(inTurns.value).text);
  });
});

describe('the gate before the walk', () => {
  const words = createScrubber([secret('words', 'one\ntwo\n\nsix\nten\n'), secret('pin', '8273645199')]);

  test('is shut where nothing can match', () => {
    for (const given of [{ a: [1, 'two', { b: 'é' }] }, ['x', 'one', 'y'], 'nothing', {}])
      for (const spaces of [0, 2])
        expect(words.mayHoldSecret(Buffer.from(JSON.stringify(given, null, spaces)))).toBe(false);
  });

  test.each([
    ['an escape', '{"a":"\\u0070assword"}'],
    ['a keyword', '{"Password":1}'],
    ['a known number', '{"a":8273645199}'],
    ['a number in another spelling', '{"a":8.273645199e9}'],
    ['a number with a zero too many', '{"a":8273645199.0}'],
    ['the lines of a known value', '{"a":["x","one","two","","six","ten"]}'],
    ['such lines with white space', '{"a":[\n"one",\n  "two",\n  "",\n  "six",\n  "ten"\n]}'],
    ['more than is looked at', `"${'x '.repeat(40_000)}"`],
  ])('opens at %s', (_what, json) => {
    expect(words.mayHoldSecret(Buffer.from(json))).toBe(true);
  });

  test('is never shut over what the walk would mask', () => {
    const scrubber = createScrubber([secret('words', 'one\ntwo\n\nsix\nten\n'), secret('t', 'swordfish')]);
    const texts = fc.constantFrom(
      'one',
      'two',
      '',
      'six',
      'ten',
      'swordfish',
      'sword',
      'fish',
      'x',
      '"',
      'é',
    );
    const lists = fc.array(fc.oneof(texts, fc.array(texts, { maxLength: 7 })), { maxLength: 6 });
    fc.assert(
      fc.property(lists, fc.constantFrom(0, 1), (given, spaces) => {
        if (scrubber.value(given).counts.size === 0) return;
        expect(scrubber.mayHoldSecret(Buffer.from(JSON.stringify(given, null, spaces)))).toBe(true);
      }),
    );
  });
});
