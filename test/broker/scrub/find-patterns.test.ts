import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createPatternFinder, findPatterns, LONGEST_MATCH } from '../../../src/broker/scrub/find-patterns.ts';
import { createKeywords } from '../../../src/broker/scrub/keywords.ts';
import type { Rule } from '../../../src/broker/scrub/rules/rule.ts';

const rule = (pattern: RegExp, ...keywords: string[]): Rule => ({
  ...{ id: 'r', keywords, pattern, examples: [], counterExamples: [] },
});
const RULES: readonly Rule[] = [
  rule(/\bkey-[a-z]{3,6}\b/dg, 'key-'),
  rule(/(?<![a-z])(?:my-)?token[ =]{1,3}(?<secret>[a-z-]{3,9})(?![a-z])/dgi, 'token'),
  rule(/[a-z]{0,4}:\/\/(?<secret>[a-z]{2,5})@/dg, '://'),
  rule(/[a-z]{2,20}T3[a-z]{2,20}/dg, 't3a', 't3b', 't3k', 't3y'),
  rule(/(?<!\d)\d{4}(?!\d)/dg, 'acme'),
  rule(/^at-begin (?<secret>\w{3,5})$/dg, 'at-begin'),
];
const word = fc.constantFrom(
  ...['key-', 'KEY-', 'token', 'my-token', '=', ' ', ' ', 'abc', 'xyz', '-', '://', '@', 'T3', 'T3a', '1234'],
  ...['12', 'acme', 'at-begin ', 'key-abc', 'token=abc', 'a', 'b', 'y'],
);

/** What the pattern finds from left to right, where one of its keywords stands in the line. */
function inWholeLine({ pattern, keywords }: Rule, text: string): string[] {
  if (!keywords.some((keyword) => text.toLowerCase().includes(keyword))) return [];
  return [...text.matchAll(pattern)].map(({ indices }) =>
    String(indices?.groups?.['secret'] ?? indices?.[0]),
  );
}

/** @param ends where parts of the line end; what is behind is not there yet */
function inParts(tried: Rule, text: string, ends: readonly number[]): string[] {
  const finder = createPatternFinder([tried], []);
  const bytes = Buffer.from(text, 'latin1');
  const found = new Set<string>();
  let from = 0;
  for (const end of [...ends, text.length]) {
    const isLast = end === text.length;
    const to = isLast ? end : end - LONGEST_MATCH;
    const line = { text: text.slice(0, end), offset: 0, accepted: isLast ? null : to };
    const report = ({ start, end: behind }: { start: number; end: number }): void =>
      void found.add(`${start},${behind}`);
    finder.begin(line, report);
    createKeywords(tried.keywords).all(bytes, from, text.length, (_word, at) => {
      if (at < to) finder.tryAt(line, at, [0], report);
    });
    finder.finish(line, report);
    from = to;
  }
  return [...found];
}

describe.each(RULES.map((tried) => [tried.pattern.source, tried] as const))('%s', (_source, tried) => {
  test('is found at keywords just where it would be found in the whole line', () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), (words) => {
        const text = words.join('');
        expect(inParts(tried, text, [])).toEqual(inWholeLine(tried, text));
        expect(findPatterns(text, [tried]).map(({ start, end }) => `${start},${end}`)).toEqual(
          inWholeLine(tried, text),
        );
      }),
      { numRuns: 500 },
    );
  });

  test('is found alike in parts of a long line', () => {
    const filler = fc.nat(5_000).map((length) => ' .'.repeat(length / 2));
    fc.assert(
      fc.property(
        fc.array(fc.oneof(word, word, word, filler), { maxLength: 20 }),
        fc.array(fc.nat(8_000), { minLength: 1, maxLength: 3 }),
        (words, cuts) => {
          const text = words.join('') + ' .'.repeat(LONGEST_MATCH);
          const ends = cuts
            .map((cut) => LONGEST_MATCH + cut)
            .filter((end) => end < text.length)
            .toSorted((one, other) => one - other);
          expect(inParts(tried, text, ends)).toEqual(inParts(tried, text, []));
        },
      ),
      { numRuns: 200 },
    );
  });
});

test('what stands far from its keyword is left', () => {
  const [, , , , around] = RULES;
  if (around === undefined) return;
  const far = ' '.repeat(10_000);
  expect(inParts(around, `1234${far}acme 2345${far}3456`, [])).toEqual(['10009,10013']);
});

test('what is told by a word near it is found in each line that has the word, and in no other', () => {
  const [, , , , around] = RULES;
  if (around === undefined) return;
  const finder = createPatternFinder([around], []);
  const found: string[] = [];
  let offset = 0;
  for (const text of ['acme 1234', '2345', '3456 acme', 'acme 4567 acme', '5678 9012 acme']) {
    const line = { text, offset, accepted: null };
    const report = ({ start, end }: { start: number; end: number }): void =>
      void found.push(text.slice(start - line.offset, end - line.offset));
    const word = text.indexOf('acme');
    if (word >= 0) {
      finder.begin(line, report);
      finder.tryAt(line, offset + word, [0], report);
      finder.finish(line, report);
    }
    offset += text.length + 1;
  }
  expect(found).toEqual(['1234', '3456', '4567', '5678', '9012']);
});
