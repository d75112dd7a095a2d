import { describe, expect, test } from 'vitest';
import { neededSign } from '../../../src/broker/scrub/needed-sign.ts';
import { RULES } from '../../../src/broker/scrub/rules/all.ts';
import { NO_PASSWORD, NO_TOKEN } from '../../../src/broker/scrub/rules/places/value.ts';
import { createSignFinder, numberSigns } from '../../../src/broker/scrub/sign-finder.ts';

function signOf(source: string, behind = 0): { signs: string; within: number } | null {
  const sign = neededSign(source, behind);
  if (sign === null) return null;
  return { signs: String.fromCharCode(...[...sign.codes].toSorted()), within: sign.within };
}

describe('the sign that a pattern needs', () => {
  test.each([
    ['key', null],
    ['key=\\w{3}', { signs: '=', within: 3 }],
    ['key(?:=|:)x', { signs: ':=', within: 3 }],
    ['key(?:=|x)y', null],
    ['key={0,1}x', null],
    ['key={1,2}x', { signs: '=', within: 3 }],
    ['key {0,9}->x', { signs: '>', within: 13 }],
    ['key[ \\t]{1,3}@', { signs: '@', within: 6 }],
    ['key(?=x{0,4}/)', { signs: '/', within: 7 }],
    ['key(?!/)', null],
    ['key(?<=/key)', null],
    ['key[^a]', null],
    ['(?<q>=)?key\\k<q>', null],
  ])('of %s is %j', (source, sign) => {
    expect(signOf(source)).toEqual(sign);
  });

  test('is none that may be a part of the keyword', () => {
    expect(signOf('net use:x', 7)).toEqual({ signs: ':', within: 7 });
    expect(signOf('net use', 7)).toBeNull();
  });

  test.each(RULES.map((rule) => [rule.id, rule] as const))(
    'stands in what %s matches of its examples',
    (_id, { pattern, examples }) => {
      const sign = neededSign(pattern.source, 0);
      if (sign === null) return;
      for (const example of examples) {
        const text = Buffer.from(example).toString('latin1');
        pattern.lastIndex = 0;
        const begin = pattern.exec(text)?.index ?? -1;
        expect(begin).toBeGreaterThanOrEqual(0);
        const near = text.slice(begin, begin + sign.within + 1);
        expect([...near].some((character) => sign.codes.has(character.charCodeAt(0)))).toBe(true);
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
