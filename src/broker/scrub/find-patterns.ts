import type { Match } from './automaton.ts';
import { PLACE_RULES } from './rules/places.ts';
import { PROVIDER_RULES } from './rules/providers.ts';
import type { Rule } from './rules/rule.ts';

/** Every rule; the first of two that match the same bytes names the mark. */
export const RULES: readonly Rule[] = [...PROVIDER_RULES, ...PLACE_RULES];

/** Nothing that a rule matches is in a mark, so that scrubbing twice is scrubbing once. */
const MARK = /\[REDACTED:[A-Za-z0-9_.-]{1,64}\]/g;

/** All that the rules find in a line. */
export function findPatterns(line: string): Match[] {
  const lower = line.toLowerCase();
  const matches: Match[] = [];
  for (const rule of RULES) {
    if (!rule.keywords.some((keyword) => lower.includes(keyword))) continue;
    for (const found of line.matchAll(rule.pattern)) {
      const range = found.indices?.groups?.['secret'] ?? found.indices?.[0];
      if (range !== undefined) matches.push({ start: range[0], end: range[1], name: rule.id });
    }
  }
  if (matches.length === 0 || !line.includes('[REDACTED:')) return matches;
  const marks = [...line.matchAll(MARK)].map((mark) => [mark.index, mark.index + mark[0].length] as const);
  return matches.filter(({ start, end }) => !marks.some(([from, to]) => start < to && end > from));
}
