import { beforeAll, describe, expect, test } from 'vitest';
import { RULES } from '../../../src/broker/scrub/rules/all.ts';
import { createScrubber } from '../../../src/broker/scrub/scrubber.ts';
import { byteLoops } from '../../support/byte-loops.ts';

/** Of a text that stands for one of 100 KB: as long as what is kept of a line, twice. */
const TEXT_BYTES = 32_768;
const OUTPUT_BYTES = 10_000_000;
const CHUNK_BYTES = 65_536;
/**
 * A look at each of 100 KB takes 0.07 to 0.13 ms, so that 20 ms are 150 to 300 of them. (The figures themselves are
 * measured by `npm run bench -- scrub`.)
 */
const MOST_LOOPS = 300;
/** So many keywords of a rule, and beginnings of an example, stand for all. */
const KEYWORDS = 2;
const BEGINNINGS = 3;

const plain = createScrubber([]);
const marker = ['-----BEGIN PRIV', 'ATE KEY-----'].join('');

const filled = (length: number, unit: string): Buffer => Buffer.alloc(length, unit, 'latin1');

function scrub(bytes: Buffer): void {
  const stream = plain.stream();
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) stream.write(bytes.subarray(at, at + CHUNK_BYTES));
  stream.end();
}

function loopsOf(bytes: Buffer): number {
  return byteLoops(bytes.length, MOST_LOOPS, () => scrub(bytes));
}

/** Some of a list, from its beginning to its end. */
function some<T>(all: readonly T[], count: number): T[] {
  return all.filter((_, at) => at % Math.ceil(all.length / count) === 0);
}

beforeAll(() => {
  // So that what follows measures no compilation.
  for (const { keywords, examples } of RULES)
    scrub(Buffer.from([...keywords, ...examples].join('\n'), 'latin1'));
  for (let run = 0; run < 3; run += 1) loopsOf(filled(1_000_000, 'a line of words\n'));
});

describe('ten outputs of 10 MB take no longer than 20 ms for each 100 KB (C6)', () => {
  test.each([
    ['one keyword', 'password'],
    ['spaces', ' '],
    ['one letter', 'a'],
    ['quotes', '="'],
    ['BEGIN lines', `${marker}\n`],
    ['one line', 'a line of words, https://example.com/ and a token: '],
    ['invalid UTF-8', '\xff\xfe\x80\xbf\xc0'],
    ['fake marks', '[REDACTED:password=[REDACTED:x]] '],
    ['opt-outs', 'password=hunter2-hunter2 # gitleaks:allow secretlint-disable\n'],
    ['a token without an end', ['gh', 'p_aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5'].join('')],
  ])('%s', (_name, unit) => {
    expect(loopsOf(filled(OUTPUT_BYTES, unit))).toBeLessThan(MOST_LOOPS);
  });
});

describe('no keyword or example, whatever rules share it, is made to take longer than 20 ms for each 100 KB (C6)', () => {
  test.each(RULES.map((rule) => [rule.id, rule] as const))('%s', (_id, { keywords, examples }) => {
    const units = [
      ...some(keywords, KEYWORDS).flatMap((word) => [
        word,
        `${word}\n`,
        `${word} `,
        `${word}="`,
        `${word}: `,
      ]),
      ...examples.flatMap((example) => {
        const ends = some(
          [...example].map((_, at) => at + 1),
          BEGINNINGS,
        );
        return [example, `${example}\n`, `${example} `, ...ends.map((end) => example.slice(0, end))];
      }),
    ];
    for (const unit of new Set(units))
      expect([unit, loopsOf(filled(TEXT_BYTES, unit))]).toEqual([unit, expect.toSatisfy(isQuick)]);
  });
});

const isQuick = (loops: number): boolean => loops < MOST_LOOPS;
