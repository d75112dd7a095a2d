import fc from 'fast-check';
import { RULES } from '../../src/broker/scrub/rules/all.ts';

/** Values that a driver was handed: with characters that every tool quotes, of several bytes, of several lines, short. */
export const VALUES = [
  'corr&ct "horse"\' b\u00e4ttery/+staple%2F',
  'plain-value-of-some-length-0123456789',
  'first line of it\nab\nthe third line of it\n',
  'a\\b$c`d!e\tf',
  'aaaaaaaab',
  'q1z9',
] as const;

const marker = (kind: string): string => [`-----${kind} OPENSSH PRIV`, 'ATE KEY-----'].join('');
const KEY_LINE = 'b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2g';
const percent = (text: string): string =>
  text.replaceAll(/[^A-Za-z0-9]/gu, (letter) => Buffer.from(letter).toString('hex').replaceAll(/../g, '%$&'));

/** How tools print a value. */
const ENCODINGS: readonly ((value: string) => string)[] = [
  (value) => value,
  (value) => value.trim(),
  (value) => Buffer.from(value).toString('base64'),
  (value) => Buffer.from(`u:${value}`).toString('base64url'),
  (value) => Buffer.from(value).toString('base64').replaceAll(/.{16}/g, '$&\n'),
  (value) => Buffer.from(Buffer.from(value).toString('base64')).toString('base64'),
  (value) => Buffer.from(value).toString('hex'),
  (value) =>
    Buffer.from(value)
      .toString('hex')
      .toUpperCase()
      .replaceAll(/..(?!$)/g, '$&:'),
  (value) => percent(value),
  (value) => percent(percent(value)),
  (value) => JSON.stringify(value),
  (value) => JSON.stringify(JSON.stringify(value)),
  (value) => value.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll("'", '&#39;'),
  (value) => `'${value.replaceAll("'", "'\\''")}'`,
  (value) => `$'${value.replaceAll(/[\\']/g, '\\$&').replaceAll('\n', '\\n')}'`,
  (value) => value.replaceAll(/[^A-Za-z0-9]/g, '\\$&'),
  (value) => value.slice(0, Math.ceil(value.length / 2)),
  (value) => value.replaceAll(/.{5}/gu, '$&\u001b[1m'),
];

const text = (arbitrary: fc.Arbitrary<string>): fc.Arbitrary<Buffer> =>
  arbitrary.map((given) => Buffer.from(given));

/** Examples of the rules, as they are or cut short. */
const ofRules = fc.oneof(
  fc.constantFrom(...RULES.flatMap(({ examples }) => examples)),
  fc
    .tuple(fc.constantFrom(...RULES.flatMap(({ examples }) => examples)), fc.nat(60))
    .map(([example, length]) => example.slice(0, length)),
  fc.constantFrom(...RULES.flatMap(({ keywords }) => keywords)),
);
const ofValues = fc
  .tuple(fc.constantFrom(...VALUES), fc.constantFrom(...ENCODINGS))
  .map(([value, encode]) => encode(value));
const ofKeys = fc.constantFrom(
  marker('BEGIN'),
  marker('END'),
  KEY_LINE,
  `\\n${KEY_LINE}\\n`,
  `\n${KEY_LINE}\n`,
);
const between = fc.constantFrom(
  ...[
    ' ',
    '\n',
    '\r\n',
    '\n\n',
    '"',
    "'",
    '=',
    ': ',
    '/',
    '\u001b[0;31m',
    '\u001b[0m',
    '\t',
    '\\n',
    '\\u00e9',
    '%2F',
  ],
  ...['\u00e9', '\u20ac', '\u{1f600}', '[REDACTED:x]', '[REDACTED:', ']', ' # gitleaks:allow '],
);
const fewWords = fc.nat(100).map((length) => 'ab '.repeat(length));
const fillers = fc.oneof(
  fewWords,
  fc.nat(9_000).map((length) => 'x'.repeat(length)),
  fc.nat(4_000).map((length) => 'ab '.repeat(length)),
);
const bytes = fc.oneof(
  fc
    .constantFrom([0xff], [0xc3], [0xe2, 0x82], [0xf0, 0x9f], [0x80, 0xbf], [0xc0, 0xaf], [0])
    .map((list) => Buffer.from(list)),
  fc.uint8Array({ maxLength: 12 }).map((given) => Buffer.from(given)),
);

const parts = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: text(ofRules) },
    { weight: 4, arbitrary: text(ofValues) },
    { weight: 5, arbitrary: text(between) },
    { weight: 1, arbitrary: text(ofKeys) },
    { weight: 1, arbitrary: bytes },
    { weight: 1, arbitrary: text(fc.string({ maxLength: 12 })) },
    { weight: 1, arbitrary: text(fillers) },
  ),
  { maxLength: 16 },
);

const inAll = (pieces: readonly Buffer[]): string => Buffer.concat(pieces).toString('latin1');

/**
 * Bytes in which secrets, what nearly is one and what may confuse a scrubber stand side by side; as latin1, in which
 * every byte is a character.
 */
export const mixtures: fc.Arbitrary<string> = parts.map(inAll);

/** Mixtures of which nothing goes over several lines: no private keys, no values. */
export const mixturesOfLines: fc.Arbitrary<string> = fc
  .array(fc.oneof(text(ofRules), text(between), bytes, text(fillers)), { maxLength: 16 })
  .map(inAll);

const valuesOfOneLine = ofValues.filter((value) => !value.includes('\n'));

/**
 * Mixtures in which a mark makes no other text a secret: nothing goes over several lines, so that none are joined, no
 * line is longer than a match, and between two pieces is a space, so that no token loses a letter before it.
 */
export const mixturesOfWords: fc.Arbitrary<string> = fc
  .array(fc.oneof(text(ofRules), text(between), bytes, text(fewWords), text(valuesOfOneLine)), {
    maxLength: 16,
  })
  .map((pieces) => inAll(pieces.flatMap((piece) => [piece, Buffer.from(' ')])));

/** Ways to cut bytes: in a few places, or into pieces of a few bytes. */
export const cuts: fc.Arbitrary<(whole: Buffer) => readonly Buffer[]> = fc.oneof(
  fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 }).map((places) => (whole: Buffer) => {
    const borders = [0, ...places.map((place) => Math.floor(place * whole.length)).toSorted((a, b) => a - b)];
    return borders.map((border, at) => whole.subarray(border, borders[at + 1]));
  }),
  fc
    .integer({ min: 1, max: 37 })
    .map(
      (size) => (whole: Buffer) =>
        Array.from({ length: Math.ceil(whole.length / size) }, (_, at) =>
          whole.subarray(at * size, (at + 1) * size),
        ),
    ),
);
