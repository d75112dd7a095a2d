import type { Match } from './match.ts';
import { PLACE_RULES } from './rules/places.ts';
import { PROVIDER_RULES } from './rules/providers.ts';
import type { Rule } from './rules/rule.ts';

/** Every rule; the first of two that match the same bytes names the mark. */
export const RULES: readonly Rule[] = [...PROVIDER_RULES, ...PLACE_RULES];

const MARK = /\[REDACTED:[A-Za-z0-9_.-]{1,64}\]/g;
/** What may stand between marks in a match that hides nothing more. */
const NOTHING_MORE = /^[\s;,"']*$/;

/** All that these rules find in a line, or in a window of one. */
export function findPatterns(line: string, rules: Iterable<Rule>): Match[] {
  const matches: Match[] = [];
  for (const { id, pattern } of rules) {
    pattern.lastIndex = 0;
    for (let found = pattern.exec(line); found !== null; found = pattern.exec(line)) {
      const range = found.indices?.groups?.['secret'] ?? found.indices?.[0];
      if (range !== undefined) matches.push({ start: range[0], end: range[1], name: id });
    }
  }
  if (matches.length === 0 || !line.includes('[REDACTED:')) return matches;
  // What is masked already is not masked again, so that scrubbing twice is scrubbing once.
  return matches.filter(({ start, end }) => !NOTHING_MORE.test(line.slice(start, end).replaceAll(MARK, '')));
}
