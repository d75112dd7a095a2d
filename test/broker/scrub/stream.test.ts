import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RULES } from '../../../src/broker/scrub/rules/all.ts';
import { createScrubber, type KnownSecret } from '../../../src/broker/scrub/scrubber.ts';
import { growth, processorTime } from '../../support/growth.ts';

/** Where windows of a long line begin and end. */
const STEP = 8_192;
const secret = (name: string, value: string | Buffer): KnownSecret => ({ name, value: Buffer.from(value) });
const plain = createScrubber([]);
const words = (length: number): string => 'ab '.repeat(Math.ceil(length / 3)).slice(0, length);
/** Letters in an order that does not repeat. */
const unlike = (length: number): string =>
  Array.from({ length }, (_, at) => ((at * at * 31 + at * 7) % 36).toString(36)).join('');
const marker = (kind: string): string => [`-----${kind} PRIV`, 'ATE KEY-----'].join('');
const KEY = 'b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2g';

function inChunks(scrubber = plain, ...chunks: Uint8Array[]): string {
  const stream = scrubber.stream();
  return Buffer.concat([...chunks.map((chunk) => stream.write(chunk)), stream.end()]).toString('utf8');
}

test('a line passes as soon as it has ended, whatever the secret: also one that ends with a line end', () => {
  for (const value of [
    'tr0ub4dor-and-3-more-words\n',
    'first-line-0123\nsecond-line-4567\n',
    '\r\nat-the-end-of-it',
  ]) {
    const stream = createScrubber([{ name: 'secret', value: Buffer.from(value) }]).stream();
    for (const line of ['a message\n', 'another one\n', '\n'])
      expect(Buffer.from(stream.write(Buffer.from(line))).toString()).toBe(line);
  }
});

describe('in a line that is longer than what is looked at once', () => {
  const borders = [1, 2, 3].flatMap((steps) =>
    Array.from({ length: 33 }, (_, at) => steps * STEP - 160 + at * 5),
  );

  test.each(RULES.filter(({ id }) => id !== 'cookie-header').map((rule) => [rule.id, rule] as const))(
    'a match of %s is masked wherever it stands',
    (_id, { examples }) => {
      for (const example of examples) {
        const masked = plain.text(` ${example} `).text;
        for (const before of borders) {
          const [head, tail] = [words(before), words(2 * STEP)];
          expect(plain.text(`${head} ${example} ${tail}`).text).toBe(`${head}${masked}${tail}`);
        }
      }
    },
  );

  test('a secret is masked by its context wherever it stands', () => {
    for (const before of borders) {
      const json = `{"text":"${words(before)}","password":"hunter2-hunter2","more":"${words(2 * STEP)}"}`;
      expect(plain.text(json).text).toContain('"password":"[REDACTED:assigned-secret]","more"');
      const cookie = `${words(before)} Cookie: sid=0123456789abcdef; path=/`;
      expect(plain.text(cookie).text).toBe(`${words(before)} Cookie: [REDACTED:cookie-header]`);
    }
  });

  test('private keys are masked wherever their markers stand, and every one of them', () => {
    for (const before of borders) {
      const key = `${marker('BEGIN')}\\n${`${KEY}\\n`.repeat(300)}${marker('END')}\\n`;
      expect(plain.text(`${words(before)}${key}after ${key}${words(STEP)}`).text).toBe(
        `${words(before)}[REDACTED:private-key]\\nafter [REDACTED:private-key]\\n${words(STEP)}`,
      );
    }
  });

  test('a known value is masked wherever it stands', () => {
    const scrubber = createScrubber([secret('token', 'swordfish-swordfish')]);
    for (const before of borders)
      expect(inChunks(scrubber, Buffer.from(`${words(before)}swordfish-swordfish${words(STEP)}`))).toBe(
        `${words(before)}[REDACTED:token]${words(STEP)}`,
      );
  });
});

describe('a known value', () => {
  test.each([1_023, 1_024, 1_025, 8_191, 8_193, 20_000, 65_536])(
    'of %i bytes on one line is masked as one, in its forms too (C12)',
    (length) => {
      const value = unlike(length);
      const scrubber = createScrubber([secret('long', value)]);
      for (const form of [value, Buffer.from(value).toString('base64'), Buffer.from(value).toString('hex')])
        expect(inChunks(scrubber, Buffer.from(`x ${form} y`))).toMatch(/^x \[REDACTED:long\]\w{0,2}=* y$/);
    },
  );

  test('that is binary is masked in base64 on one line', () => {
    const value = Buffer.from(Array.from({ length: 7_000 }, (_, at) => (at * at * 31 + at * 7) % 251));
    const scrubber = createScrubber([secret('binary', value)]);
    expect(scrubber.text(`x ${value.toString('base64')} y`).text).toMatch(/^x \[REDACTED:binary\]\w?=* y$/);
  });

  test('with the end of which each line ends costs no more than another one', () => {
    const scrubber = createScrubber([secret('line', 'hunter22\n'), secret('two', 'hunter22\nhunter33')]);
    const ratio = growth(500, (lines) => void scrubber.text('hunter22\n'.repeat(lines)));
    expect(ratio).toBeLessThan(24);
  });

  test('is masked in a stream, whatever chunks its bytes come in and however long lines are', () => {
    const values = ['abcdefgh', 'aaaa\nb\nbcdcd', unlike(1_500), 'bättery-staple', 'q1z9'];
    const scrubber = createScrubber(values.map((value, at) => secret(`s${at}`, value)));
    const piece = fc.oneof(
      fc.constantFrom(...values, ...RULES.flatMap(({ examples }) => examples), '\n', ' ', 'ä', 'a\nb'),
      fc.constantFrom(marker('BEGIN'), marker('END'), KEY, `\n${KEY}\n`),
      fc.nat(9_000).map(words),
      fc.nat(9_000).map((length) => 'x'.repeat(length)),
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 12 }),
        fc.array(fc.nat(60_000), { maxLength: 8 }),
        (parts, cuts) => {
          const bytes = Buffer.from(parts.join(''));
          const borders = [0, ...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b)];
          const chunks = borders.map((border, at) => bytes.subarray(border, borders[at + 1]));
          const whole = inChunks(scrubber, bytes);
          expect(inChunks(scrubber, ...chunks)).toBe(whole);
          expect(scrubber.text(bytes.toString()).text).toBe(whole);
          for (const value of values.slice(0, 4)) expect(whole).not.toContain(value);
        },
      ),
    );
  });

  test('is masked the same in lines that come one by one, also where a value goes over several', () => {
    const values = ['abcdefgh', 'first-line\nsecond-line\nthird', 'q1z9\n', '\nled-by-a-break', 'ätöü\nßß'];
    const scrubber = createScrubber(values.map((value, at) => secret(`s${at}`, value)));
    const piece = fc.oneof(
      fc.constantFrom(...values, 'first-line\n', 'second-line', 'q1z9', '\n', 'ä', '\xff', 'x '),
      fc.constantFrom(marker('BEGIN'), marker('END'), KEY, `\n${KEY}\n`),
      fc.constantFrom(...RULES.flatMap(({ examples }) => examples)),
    );
    const continuing = Buffer.of(0xbf, 0xbf);
    fc.assert(
      fc.property(
        fc.array(fc.oneof(piece, fc.constant(continuing)), { maxLength: 14 }),
        fc.array(fc.nat(400), { maxLength: 6 }),
        (parts, cuts) => {
          const bytes = Buffer.concat(parts.map((part) => Buffer.from(part)));
          const breaks = [...bytes].flatMap((byte, at) => (byte === 0x0a ? [at + 1] : []));
          const whole = inChunks(scrubber, bytes);
          for (const borders of [breaks, cuts, [...breaks, ...cuts]]) {
            const sorted = [0, ...borders.toSorted((a, b) => a - b)];
            const chunks = sorted.map((border, at) => bytes.subarray(border, sorted[at + 1]));
            expect(inChunks(scrubber, ...chunks)).toBe(whole);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test('of several lines holds back the first of them, and any other line passes as soon as it has ended', () => {
    const stream = createScrubber([secret('key', 'first-line\nsecond-line')]).stream();
    const write = (text: string): string => Buffer.from(stream.write(Buffer.from(text))).toString();
    expect(write('begun\n')).toBe('begun\n');
    expect(write('x first-line\n')).toBe('');
    expect(write('second-li')).toBe('');
    expect(write('ne\nafter\n')).toBe('x [REDACTED:key]\nafter\n');
    for (const line of [marker('BEGIN'), KEY, marker('END')])
      expect(write(`${line}\n`)).toBe('[REDACTED:private-key]\n');
    expect(write('after\n')).toBe('after\n');
  });

  test('is held back only as far as it is needed', () => {
    const stream = createScrubber([secret('long', unlike(65_536))]).stream();
    let passed = 0;
    for (let chunk = 1; chunk <= 64; chunk += 1) {
      passed += stream.write(Buffer.alloc(4_096, 'x')).length;
      expect(chunk * 4_096 - passed).toBeLessThanOrEqual(5 * STEP);
    }
  });
});

describe('what needs no mask costs little: growth is that of the length', () => {
  test.each([
    ['empty lines', '\n'],
    ['starts of tokens', 'eyJ-'],
    ['lines of starts of tokens', 'eyJ-eyJ-eyJ-eyJ-eyJ-eyJ-\n'],
    ['starts of tokens with dots', 'eyJ0123456789.'],
    ['keys that never end', 'sk-sk-ant-'],
    ['addresses', 'a.a://'],
    ['dashes', '-----BEGIN '],
    ['words that promise a secret', 'token machine login '],
    ['bytes that continue a character', '\u00bf'],
  ])('%s (C6)', (_name, unit) => {
    const ratio = growth(40_000, (length) => {
      const bytes = Buffer.from(unit.repeat(Math.ceil(length / unit.length)), 'latin1');
      const halves = [bytes.subarray(0, length / 2), bytes.subarray(length / 2)];
      inChunks(plain, ...halves);
    });
    expect(ratio).toBeLessThan(20);
  });

  test('an empty line costs no more than a few bytes of another one', () => {
    const best = (text: string): number => processorTime(() => void plain.text(text));
    best('\n'.repeat(1_000));
    expect(best('\n'.repeat(400_000)) / best(words(400_000))).toBeLessThan(20);
  });

  test('one byte a chunk costs no copy of all that is held', () => {
    const ratio = growth(2_000, (length) => {
      const stream = plain.stream();
      for (let at = 0; at < length; at += 1) stream.write(Uint8Array.of(0x78));
      stream.end();
    });
    expect(ratio).toBeLessThan(24);
  });
});

test('a match that overlaps a mark is masked, one that is a mark is not', () => {
  const cookie = 'Set-Cookie: sid=0123456789abcdef; a=[REDACTED:x]';
  expect(plain.text(cookie).text).toBe('Set-Cookie: [REDACTED:cookie-header]');
  const masked = 'Cookie:  [REDACTED:cookie-header]';
  expect(plain.text(masked).text).toBe(masked);
  expect(plain.text('Cookie: [REDACTED:x]; sid=0123456789abcdef').text).toBe(
    'Cookie: [REDACTED:cookie-header]',
  );
});

test.each(['AKIA', 'ASIA', 'ABIA', 'ACCA'])('an access key that begins with %s is masked', (prefix) => {
  expect(plain.text(`id ${prefix}Z7QW3N5RT2LKX6PM`).text).toBe('id [REDACTED:aws-access-key-id]');
});

test.each([
  ['password=', 'assigned-secret', 5_000],
  ['password=', 'assigned-secret', 501],
  ['Authorization: Bearer ', 'authorization-header', 8_000],
  ['Cookie: ', 'cookie-header', 7_900],
  ['//registry.example/:_authToken=', 'npmrc-token', 3_000],
])(
  'a secret after %s that is longer than tokens are is masked to its end (%s, %i)',
  (context, rule, length) => {
    for (const before of [0, STEP - 5, 2 * STEP - 20])
      expect(plain.text(`${words(before)} ${context}${unlike(length)}\nafter`).text).toBe(
        `${words(before)} ${context}[REDACTED:${rule}]\nafter`,
      );
  },
);
