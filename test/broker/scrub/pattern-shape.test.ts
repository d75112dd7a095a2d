import { describe, expect, test } from 'vitest';
import { LONGEST_MATCH } from '../../../src/broker/scrub/find-patterns.ts';
import { KEPT } from '../../../src/broker/scrub/follow-lines.ts';
import { shapeOf } from '../../../src/broker/scrub/pattern-shape.ts';
import { LONGEST_LEAD, probeOf, secretRange } from '../../../src/broker/scrub/rule-probe.ts';
import { RULES } from '../../../src/broker/scrub/rules/all.ts';

describe('a pattern', () => {
  test.each([
    ['key-[a-f]{8}', ['key-'], 0, 12],
    ['\\bkey-[a-f]{8}\\b', ['key-'], 0, 13],
    ['(?<![\\w-])gh[opu]_[A-Za-z0-9]{36,40}', ['gho_', 'ghp_', 'ghu_'], 0, 44],
    ['[Kk][Ee]y_\\d{3}', ['key_'], 0, 7],
    ['(?:proxy-)?authorization: (?<secret>.{8})', ['authorization'], 6, 29],
    ['https?:\\/\\/x\\.y\\/(?=[a-z]{3,9})', ['://'], 5, 21],
    ['[a-z]{2,5}(?:\\d{2}|-)kw[^\\]x]{1,3}', ['kw9', 'kwa'], Infinity, 12],
    ['(?:ab|cd)kw1|kw1e{0,2}', ['kw1'], 2, 5],
    ['(?<=xyz)\\x6bw1[\\u0041-\\x43-]{2}', ['kw1'], 0, 5],
    ['(?<q>["\']{1,2})kw1\\k<q>', ['kw1'], 2, 7],
    ['kw1(?:ab){0,3}?(?i:x)', ['kw1'], 0, 10],
    ['kw{2}1', ['kww1'], 0, 4],
    ['kw?1', ['kw1'], Infinity, 3],
    ['kw1+', ['kw1'], 0, Infinity],
  ])(
    '%s has its keyword (%j) behind at most %d characters, and at most %d',
    (source, words, lead, longest) => {
      expect(shapeOf(source, words)).toMatchObject({ lead, longest });
    },
  );

  test('reaches back as far as it looks behind', () => {
    expect(shapeOf('(?<![a-z]{2,7})kw1', ['kw1']).behind).toBe(7);
    expect(shapeOf('\\bkw1', ['kw1']).behind).toBe(1);
    expect(shapeOf('(?:x|(?<=a)y)kw1', ['kw1']).behind).toBe(1);
  });

  test.each([
    ['kw=(?<secret>x)', true],
    ['kw=(?<secret>x)(?![a-z])', true],
    ['kw(?:="(?<secret>x)|:(?<secret>y))', true],
    ['kw="(?<secret>x)"', false],
    ['kw(?:=(?<secret>x)|:y)', false],
    ['kw(?:=(?<secret>x))?', false],
    ['kw=x', false],
  ])('%s ends with its secret: %s', (source, ends) => {
    expect(shapeOf(source, ['kw=']).endsWithSecret).toBe(ends);
  });

  test.each([
    ['(?<![ab])kw1', 'ab'],
    ['(?<![ab]|c)kw1', 'abc'],
    ['(?<!ab)kw1', ''],
    ['(?<=[ab])kw1', ''],
    ['kw1(?<![ab])', ''],
    ['(?<!\\d)kw1', '0123456789'],
  ])('%s matches nothing behind one of: %s', (source, characters) => {
    expect(String.fromCharCode(...shapeOf(source, ['kw1']).notBehind)).toBe(characters);
  });

  test.each(['a)', 'a\\1', '\\p{L}'])('%s is refused', (source) => {
    expect(() => shapeOf(source, ['abc'])).toThrow('Cannot read the pattern');
  });
});

describe('what a rule costs is bounded', () => {
  test.each(RULES.map((rule) => [rule.id, rule] as const))(
    '%s repeats nothing without a bound, and reaches no farther than what is kept of a line',
    (_id, { pattern, keywords }) => {
      expect(pattern.flags).toMatch(/^dgi?$/);
      const { longest, behind } = shapeOf(pattern.source, keywords);
      expect(longest).toBeLessThanOrEqual(LONGEST_MATCH);
      expect(behind).toBeLessThanOrEqual(KEPT - LONGEST_LEAD);
    },
  );

  test.each(RULES.map((rule) => [rule.id, rule] as const))(
    'what %s matches in its examples begins where its keyword says',
    (_id, rule) => {
      const probe = probeOf(rule);
      for (const example of rule.examples) {
        const text = Buffer.from(`x ${example} y`).toString('latin1');
        rule.pattern.lastIndex = 0;
        const found = rule.pattern.exec(text);
        expect(found).not.toBeNull();
        const at = found?.index ?? 0;
        const [from, to] = probe.kind === 'at-keyword' ? [at, at + probe.lead] : [0, text.length];
        const places = rule.keywords.flatMap((word) => allPlaces(text.toLowerCase(), word));
        expect(places.some((place) => place >= from && place <= to)).toBe(true);
      }
    },
  );
});

test.each(RULES.map((rule) => [rule.id, rule] as const))(
  'the secret is found at the same place with indices and without, in what %s matches',
  (_id, { pattern, examples, ...rule }) => {
    const probe = probeOf({ ...rule, pattern, examples });
    for (const example of examples) {
      const text = Buffer.from(example).toString('latin1');
      pattern.lastIndex = 0;
      const told = pattern.exec(text);
      probe.pattern.lastIndex = told?.index ?? 0;
      const found = probe.pattern.exec(text);
      expect(found).not.toBeNull();
      if (found !== null)
        expect(secretRange(found)).toEqual(told?.indices?.groups?.['secret'] ?? told?.indices?.[0]);
    }
  },
);

function allPlaces(text: string, word: string): number[] {
  const places: number[] = [];
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) places.push(at);
  return places;
}
