import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formsOf } from '../../../src/broker/scrub/forms.ts';
import { indexKnownValues } from '../../../src/broker/scrub/known-values.ts';
import type { Match } from '../../../src/broker/scrub/match.ts';
import type { Needle } from '../../../src/broker/scrub/needle.ts';
import { growth } from '../../support/growth.ts';

const needle = (text: string, wholeToken = false): Needle => ({
  name: text,
  bytes: Buffer.from(text),
  wholeToken,
});

function find(needles: readonly Needle[], text: string): Match[] {
  const found: Match[] = [];
  const bytes = Buffer.from(text);
  indexKnownValues(needles).find(bytes, 0, bytes.length, (match) => void found.push(match));
  return found;
}

test('the longest needle is found at each place, as a search of each place finds it', () => {
  const texts = fc.string({ minLength: 4, maxLength: 9, unit: fc.constantFrom('a', 'b') });
  fc.assert(
    fc.property(
      fc.array(texts, { maxLength: 12 }),
      fc.string({ maxLength: 60, unit: fc.constantFrom('a', 'b', 'c') }),
      (needles, text) => {
        const expected = [...text].flatMap((_, start) => {
          const here = needles.filter((one) => text.startsWith(one, start));
          const name = here.toSorted((one, other) => other.length - one.length)[0];
          return name === undefined ? [] : [{ start, end: start + name.length, name }];
        });
        expect(
          find(
            needles.map((text) => needle(text)),
            text,
          ),
        ).toEqual(expected);
      },
    ),
  );
});

test('whether a needle could go on behind a text is told as a look at each of its ends tells it', () => {
  const texts = fc.string({ minLength: 4, maxLength: 9, unit: fc.constantFrom('a', 'b') });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(texts, fc.boolean()), { maxLength: 8 }),
      fc.string({ maxLength: 20, unit: fc.constantFrom('a', 'b', 'c') }),
      (pairs, text) => {
        const needles = [...new Map(pairs)].map(([one, wholeToken]) => needle(one, wholeToken));
        const ends = [...text].map((_, at) => text.slice(at));
        const expected = ends.some((end) =>
          needles.some(
            ({ name, wholeToken }) =>
              name.startsWith(end) && (name.length > end.length || (name === end && wholeToken)),
          ),
        );
        expect(indexKnownValues(needles).mayContinue(Buffer.from(text))).toBe(expected);
      },
    ),
  );
});

test('a short needle counts only between token borders, and one that fails them hides no shorter one', () => {
  const needles = [needle('abcd', true), needle('abcd-e', true)];
  expect(find(needles, 'abcd xabcd abcd1').map(({ start }) => start)).toEqual([0]);
  expect(find(needles, 'abcd-ef')).toEqual([{ start: 0, end: 4, name: 'abcd' }]);
});

test('a needle that is longer than a part is found whole, as parts that touch', () => {
  const long = Array.from({ length: 5_000 }, (_, at) => (at * at * 31 + at).toString(36))
    .join('')
    .slice(0, 5_003);
  const found = find([needle(long)], `before ${long} after`);
  expect(found[0]?.start).toBe(7);
  expect(found.at(-1)?.end).toBe(7 + long.length);
  for (const [at, { start }] of found.entries()) expect(start).toBeLessThanOrEqual(found[at - 1]?.end ?? 7);
});

test('the index of a value is built in time that grows with its length, however many lines it has', () => {
  for (const line of [
    'b3BlbnNzaC1r',
    'b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2g',
  ]) {
    const ratio = growth(40, (units) => {
      const value = Buffer.from(Array.from({ length: units }, (_, at) => `${line}${at}`).join('\n'));
      indexKnownValues(formsOf({ name: 'file', value }));
    });
    expect(ratio).toBeLessThan(24);
  }
});

test('text that nearly matches is searched in time that grows with its length: one letter (C6)', () => {
  const index = indexKnownValues(formsOf({ name: 'zeros', value: Buffer.alloc(65_536, 'a') }));
  const ratio = growth(5_000, (units) => {
    const bytes = Buffer.alloc(units, 'a');
    index.find(bytes, 0, bytes.length, () => undefined);
  });
  expect(ratio).toBeLessThan(20);
});
