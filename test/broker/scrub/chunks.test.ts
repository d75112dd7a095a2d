import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createScrubber, type Scrubber } from '../../../src/broker/scrub/scrubber.ts';
import { readCorpus } from '../../support/corpus.ts';
import { byteByByte, inChunks, lineByLine, twoWaySplits } from '../../support/in-chunks.ts';

/** Texts of the tools are up to 4 KB long: each is split at so many places at most. */
const MOST_SPLITS = 8;
/** Nearly every vector is shorter than this, in bytes: those are split everywhere. */
const MOST_VECTOR_SPLITS = 300;
const MARK = /\[REDACTED:[^\]]{1,40}\]/g;

const scrubberOf = (values: readonly string[]): Scrubber =>
  createScrubber(values.map((value, at) => ({ name: `s${at}`, value: Buffer.from(value) })));
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const hex = (text: string): string => Buffer.from(text).toString('hex');
const isTellable = (value: string): boolean => Buffer.byteLength(value.trim()) >= 4;

function expectAlike(scrubber: Scrubber, bytes: Buffer, most?: number): string {
  const whole = inChunks(scrubber, [bytes]);
  for (const chunks of [...twoWaySplits(bytes, most), byteByByte(bytes), lineByLine(bytes)])
    expect(inChunks(scrubber, chunks)).toBe(whole);
  expect(inChunks(scrubber, [Buffer.from(whole, 'latin1')])).toBe(whole);
  return whole;
}

interface Vector {
  readonly kind: string;
  readonly chunks: readonly string[];
  readonly values: readonly string[];
}

describe('the same is masked whatever chunks a stream comes in, and no more when it is scrubbed again', () => {
  test('in what tools print (invariant 10, C3)', () => {
    const rows = readCorpus<{ readonly values: readonly string[]; readonly text: string }>(
      'known-values.tools',
    );
    const scrubbers = new Map(rows.map(({ values }) => [JSON.stringify(values), values]));
    for (const [key, values] of scrubbers) {
      const scrubber = scrubberOf(values);
      for (const row of rows.filter((one) => JSON.stringify(one.values) === key))
        expectAlike(scrubber, Buffer.from(row.text), MOST_SPLITS);
    }
  }, 240_000);

  test('in what runners of other projects were tested with, and all of it (invariant 10, C2, C3)', () => {
    for (const { kind, chunks, values } of readCorpus<Vector>('maskers.vectors')) {
      const known = values.filter(isTellable);
      const scrubber = scrubberOf(known);
      // The corpus lost the escape character of colours to its octal number.
      const escaped = chunks.map((chunk) =>
        kind.endsWith('ansi') ? chunk.replaceAll('3[', '\x1b[') : chunk,
      );
      const whole = expectAlike(scrubber, Buffer.from(escaped.join('')), MOST_VECTOR_SPLITS);
      expect(
        inChunks(
          scrubber,
          escaped.map((chunk) => Buffer.from(chunk)),
        ),
      ).toBe(whole);
      const plain = whole.replaceAll(MARK, '\0').replaceAll(/\x1b\[\d*m/g, '');
      for (const value of known.filter(({ length }) => length >= 8)) expect(plain).not.toContain(value);
    }
  });

  test('in any mixture of values, their forms, escapes and line ends (C2, C3)', () => {
    const values = [
      'aaaaaaaab',
      'aab-aab-aab',
      'p"w\\d%41&lt;x+y z',
      'corr&ct "horse"',
      'first\nsecond-line\nthird',
      'q1z9',
    ];
    const scrubber = scrubberOf(values);
    const piece = fc.oneof(
      fc.constantFrom(...values, ...values.map(base64), ...values.map(hex)),
      fc.constantFrom(...values.map((value) => JSON.stringify(JSON.stringify(value)))),
      fc.constantFrom(
        ...values.map(encodeURIComponent),
        ...values.map((value) => value.split('').join('\x1b[1m')),
      ),
      fc.constantFrom(
        'a',
        'aa',
        'aab',
        'corr',
        '\\',
        '\\\\',
        '%',
        '%2',
        '%25',
        '&',
        '&am',
        '&amp;',
        '&#',
        '\x1b',
        '\x1b[',
      ),
      fc.constantFrom(
        '\n',
        '\\\n',
        '\r\n',
        ' ',
        '"',
        "'",
        '^[',
        '\\u00',
        '\\x4',
        '\\1',
        '+',
        'ä',
        '\xff',
        '\\n',
        ';',
      ),
      fc.constantFrom(' '.repeat(70), '0000000   a   a   b\n', '00000000: 6161 6161\n'),
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 12 }),
        fc.array(fc.nat(400), { maxLength: 6 }),
        (parts, cuts) => {
          const bytes = Buffer.from(parts.join(''));
          const borders = [0, ...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b)];
          const whole = inChunks(scrubber, [bytes]);
          expect(
            inChunks(
              scrubber,
              borders.map((from, at) => bytes.subarray(from, borders[at + 1])),
            ),
          ).toBe(whole);
          expect(inChunks(scrubber, byteByByte(bytes))).toBe(whole);
          expect(inChunks(scrubber, lineByLine(bytes))).toBe(whole);
          for (const value of values.slice(0, 4)) expect(whole).not.toContain(value);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
