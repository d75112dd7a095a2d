import { describe, expect, test } from 'vitest';
import { neededSigns } from '../../../src/broker/scrub/needed-signs.ts';
import { RULES } from '../../../src/broker/scrub/rules/all.ts';
import { NO_PASSWORD, NO_TOKEN } from '../../../src/broker/scrub/rules/places/value.ts';
import { createSignFinder, numberSigns } from '../../../src/broker/scrub/sign-finder.ts';

function signsOf(source: string, behind = 0): (readonly [signs: string, within: number])[] {
  return neededSigns(source, behind).map(
    ({ codes, within }) =>
      [String.fromCharCode(...[...codes].toSorted((one, other) => one - other)), within] as const,
  );
}

describe('the signs that a pattern needs', () => {
  test.each([
    ['key', []],
    ['key=\\w{3}', [['=', 3]]],
    ['key(?:=|:)x', [[':=', 3]]],
    ['key(?:=|x)y', []],
    ['key={0,1}x', []],
    ['key={1,2}x', [['=', 3]]],
    [
      'key {0,9}->x',
      [
        ['>', 13],
        ['-', 12],
      ],
    ],
    [
      'key[ \\t]{1,3}@',
      [
        ['@', 6],
        ['\t ', 3],
      ],
    ],
    [
      'key[ \\t]{1,3}@/',
      [
        ['@', 6],
        ['/', 7],
      ],
    ],
    [
      'key=(?=[a-z]{0,4}\\d)[a-z\\d]{9}',
      [
        ['=', 3],
        ['0123456789', 8],
      ],
    ],
    ['key(?=x{0,4}/)', [['/', 7]]],
    ['key(?!/)', []],
    ['key(?<=/key)', []],
    ['key[^a]', []],
    ['(?<q>=)?key\\k<q>', []],
  ])('of %s are %j', (source, signs) => {
    expect(signsOf(source)).toEqual(signs);
  });

  test('are none that may be a part of the keyword', () => {
    expect(signsOf('net use:x', 7)).toEqual([[':', 7]]);
    expect(signsOf('net use', 7)).toEqual([]);
  });

  test.each(RULES.map((rule) => [rule.id, rule] as const))(
    'stand in what %s matches of its examples',
    (_id, { pattern, examples }) => {
      const signs = neededSigns(pattern.source, 0);
      for (const example of examples) {
        const text = Buffer.from(example).toString('latin1');
        pattern.lastIndex = 0;
        const begin = pattern.exec(text)?.index ?? -1;
        expect(begin).toBeGreaterThanOrEqual(0);
        for (const { codes, within } of signs) {
          const near = text.slice(begin, begin + within + 1);
          expect([...near].some((character) => codes.has(character.charCodeAt(0)))).toBe(true);
        }
      }
    },
  );
});

describe('signs are found', () => {
  const table = numberSigns()({ codes: new Set([0x3d]), within: 3 });

  test('as near as they are needed, wherever is asked first', () => {
    const text = 'aa=aaaaaa=a';
    const near = (from: number): boolean => text.slice(from, from + 4).includes('=');
    const places = [...text].map((_, at) => at);
    for (const first of places)
      for (const second of places) {
        const finder = createSignFinder();
        expect(finder.isNear(table, text, first)).toBe(near(first));
        expect(finder.isNear(table, text, second)).toBe(near(second));
      }
  });

  test('anew in each line', () => {
    const finder = createSignFinder();
    expect(finder.isNear(table, 'aaaa', 0)).toBe(false);
    finder.begin();
    expect(finder.isNear(table, '=aaa', 0)).toBe(true);
  });
});

describe('what is no secret is none, whether it has signs or not', () => {
  test.each([
    ...['keep-it-in-words', 'null', 'xxxx', '1111', 'your_key_here', '0xfab1', '4096'],
    ...[
      'null.',
      '****',
      '$TOKEN',
      'self.token',
      'token()',
      '<token>',
      '#token',
      'string[]',
      '{{ token }}',
      'a/b.key',
    ],
  ])('%s', (value) => {
    expect(NO_TOKEN.test(value)).toBe(true);
  });

  test.each(['swordf1sh-9', 'P01vTsneM-VA__pddiF9eRqY', 'swordf1sh!9'])('and %s is one', (value) => {
    expect(NO_TOKEN.test(value)).toBe(false);
    expect(NO_PASSWORD.test(value)).toBe(false);
  });
});
