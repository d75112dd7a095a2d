import type { Match } from './match.ts';
import { entropyOf } from './rules/entropy.ts';
import type { Rule } from './rules/rule.ts';

const MARK = /\[REDACTED:[A-Za-z0-9_.-]{1,64}\]/g;
/** What may stand between marks in a match that hides nothing more. */
const NOTHING_MORE = /^[\s;,"']*$/;

/** A longer secret may be longer than its rule allows: it is masked to the end of the token that it ends in. */
const LONG_SECRET = 500;
const REST_OF_TOKEN = /[^\s"'`,;<>(){}[\]|]*/y;

/** All that these rules find in a line, or in a window of one. */
export function findPatterns(line: string, rules: Iterable<Rule>): Match[] {
  const matches: Match[] = [];
  for (const rule of rules) {
    const { id, pattern } = rule;
    pattern.lastIndex = 0;
    for (let found = pattern.exec(line); found !== null; found = pattern.exec(line)) {
      const range = found.indices?.groups?.['secret'] ?? found.indices?.[0];
      if (range === undefined) continue;
      const [start, end] = range;
      if (!isSecret(rule, line.slice(start, end))) continue;
      const whole = end - start < LONG_SECRET ? end : endOfToken(line, end);
      matches.push({ start, end: whole, name: id });
      pattern.lastIndex = Math.max(pattern.lastIndex, whole);
    }
  }
  if (matches.length === 0 || !line.includes('[REDACTED:')) return matches;
  // What is masked already is not masked again, so that scrubbing twice is scrubbing once.
  return matches.filter(({ start, end }) => !NOTHING_MORE.test(line.slice(start, end).replaceAll(MARK, '')));
}

function isSecret({ minimumEntropy, allow, isGenuine }: Rule, text: string): boolean {
  return (
    (minimumEntropy === undefined || entropyOf(text) >= minimumEntropy) &&
    allow?.test(text) !== true &&
    isGenuine?.(text) !== false
  );
}

function endOfToken(line: string, from: number): number {
  REST_OF_TOKEN.lastIndex = from;
  return from + (REST_OF_TOKEN.exec(line)?.[0].length ?? 0);
}
