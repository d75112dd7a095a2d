import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { RULES } from '../../../src/broker/scrub/rules/all.ts';

type Covered = string | { readonly not: string };

/** By the ids that gitleaks has for them (MIT): our rule for the same secret, or why there is none. */
const files = ['provider-coverage.json', 'provider-coverage-b.json']
  .map((name) => new URL(name, import.meta.url))
  .filter((file) => existsSync(file));
const coverage = new Map(
  files.flatMap((file) => Object.entries<Covered>(JSON.parse(readFileSync(file, 'utf8')))),
);
const ids = new Set(RULES.map(({ id }) => id));

describe('kinds of secrets that others know', () => {
  test.each([...coverage])('%s has a rule, or a reason why not', (_kind, covered) => {
    if (typeof covered === 'string') expect(ids).toContain(covered);
    else expect(covered.not.length).toBeGreaterThan(20);
  });

  test('at least 200 have a rule, where both halves of the list are there', () => {
    const withRule = [...coverage.values()].filter((covered) => typeof covered === 'string');
    expect(withRule.length).toBeGreaterThanOrEqual(files.length > 1 ? 200 : 80);
  });
});
