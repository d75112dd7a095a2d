import type { Match } from '../match.ts';
import { type Budget, createSpending, USUAL_BUDGET } from './budget.ts';
import { type AdminRule, type AdminRules, NAMES_OF_NO_RULE } from './compile.ts';
import { findByRule } from './find-by-rule.ts';
import { followAdminLines } from './follow-lines.ts';

/** The rules and exceptions of a configuration during one call: a rule that takes too long is off for the rest of it. */
export interface CallRules {
  /** Whether a rule could match in these bytes at all. */
  hasKeyword(bytes: Uint8Array): boolean;
  /** Follows one more stream. */
  follow(): AdminFollower;
  /** @param text what the rule found, as latin1 */
  isAllowed(rule: string, text: string): boolean;
}

/** Finds in the lines of a stream what the rules match. */
export interface AdminFollower {
  /**
   * @param bytes of the stream, at least from the place that the last call returned
   * @param offset the place of the first of them in the stream
   * @param report gets matches by their places in `bytes`
   * @returns the place in the stream before which no later match begins
   */
  follow(bytes: Buffer, offset: number, ended: boolean, report: (match: Match) => void): number;
}

/**
 * @param over told the id of each rule that runs out of its time, once
 * @param budget a test's, instead of the usual one
 */
export function beginCallRules(
  { rules, keywords, rulesOfKeyword, exceptions }: AdminRules,
  over: (id: string) => void,
  budget: Budget = USUAL_BUDGET,
): CallRules | undefined {
  if (rules.length === 0 && exceptions.length === 0) return undefined;
  const spending = createSpending(over, budget);

  function isAllowed(rule: string, text: string): boolean {
    if (NAMES_OF_NO_RULE.includes(rule)) return false;
    return exceptions.some(({ id, rules: only, isPattern, matches }) => {
      if (only?.has(rule) === false || spending.isOff(id)) return false;
      if (!isPattern) return matches(text);
      const isWithin = spending.begin(id);
      const isMatch = matches(text);
      // One that took too long is none: what was found is masked.
      return isWithin() && isMatch;
    });
  }

  function find(bytes: Buffer, from: number, to: number): readonly Match[] {
    const wanted = new Set<AdminRule>();
    keywords.all(bytes, from, to, (keyword) => {
      for (const rule of rulesOfKeyword[keyword] ?? []) if (!spending.isOff(rule.id)) wanted.add(rule);
    });
    if (wanted.size === 0) return [];
    const text = bytes.toString('latin1', from, to);
    return rules
      .filter((rule) => wanted.has(rule))
      .flatMap((rule) => findByRule(rule, text, spending.begin(rule.id)))
      .filter(({ start, end, name }) => !isAllowed(name, text.slice(start, end)));
  }

  const next = (bytes: Uint8Array, from: number, to: number): number =>
    rules.length === 0 ? -1 : keywords.next(bytes, from, to);

  return {
    hasKeyword: (bytes) => next(bytes, 0, bytes.length) >= 0,
    isAllowed,
    follow: () => followAdminLines({ next, find }),
  };
}
