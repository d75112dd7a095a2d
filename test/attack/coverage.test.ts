import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { allTitles, titlesIn } from './titles.ts';

interface Attack {
  readonly id: string;
  readonly attack: string;
  readonly expected: string;
}

type Coverage =
  | { readonly tests: readonly string[] }
  | { readonly later: string }
  | { readonly does_not_apply: string };

const MIN_REASON_CHARACTERS = 30;

/** The pieces of work that may still bring a test. */
const pieces = ['isolation', 'hosts', 'audit', 'scrubbing', 'policy', 'speed', 'interfaces', 'packaging'];

const here = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');
const attacks: readonly Attack[] = JSON.parse(here('attacks.json'));
const coverage: Readonly<Record<string, Coverage>> = JSON.parse(here('coverage.json'));
const titles = allTitles();

describe('the list of attacks', () => {
  test('names each attack once', () => {
    expect(new Set(attacks.map(({ id }) => id)).size).toBe(attacks.length);
  });

  test('is covered id by id, in its own order, and nothing else is', () => {
    expect(Object.keys(coverage)).toEqual(attacks.map(({ id }) => id));
  });

  test.each(attacks)('$id ($attack) has tests that exist, a later piece of work, or a reason', ({ id }) => {
    const entry = coverage[id];
    if (entry === undefined) throw new Error(`Cannot find ${id} in coverage.json`);
    expect(Object.keys(entry)).toHaveLength(1);
    if ('tests' in entry) {
      expect(entry.tests).not.toEqual([]);
      expect(entry.tests.filter((title) => !titles.has(title))).toEqual([]);
    } else if ('later' in entry) expect(pieces).toContain(entry.later);
    else expect(entry.does_not_apply.length).toBeGreaterThanOrEqual(MIN_REASON_CHARACTERS);
  });

  test('holds every id that a title cites', () => {
    const known = new Set(attacks.map(({ id }) => id));
    const groups = [...new Set([...known].map((id) => id.charAt(0)))].join('');
    const cited = [...titles].flatMap((title) => {
      const words = title.match(/\(([^()]*)\)$/)?.[1]?.split(/,\s*/) ?? [];
      return words.filter((word) => new RegExp(`^[${groups}]\\d+$`).test(word));
    });
    expect(cited.filter((id) => !known.has(id))).toEqual([]);
  });
});

describe('the reader of titles', () => {
  test.each([
    ["test('a b', () => {});", ['a b']],
    ['test.each(rows)(\n  `a $b`,\n  () => {},\n);', ['a $b']],
    ["describe('it\\'s', () => {});", ["it's"]],
    ['expect(title).toBe("a");', []],
  ])('finds those of %j', (source, expected) => {
    expect(titlesIn(source)).toEqual(expected);
  });
});
