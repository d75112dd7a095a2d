import type { ConfigurationError } from '../../../shared/configuration/configuration-error.ts';
import { nearestWord } from '../../../shared/configuration/nearest-word.ts';
import type { Settings } from '../../../shared/configuration/types.generated.ts';
import { createKeywords, type Keywords } from '../keywords.ts';
import { RULES } from '../rules/all.ts';
import { entropyOf } from '../rules/entropy.ts';
import { SECRET_MEMBER_RULE } from '../scrub-value.ts';
import { BUDGET_NAME } from './budget.ts';
import { compileLinear, type LinearPattern } from './linear-pattern.ts';

type ScrubSettings = Settings['scrub'];
type RuleSettings = ScrubSettings['rules'][number];
type ExceptionSettings = ScrubSettings['allow'][number];
/** Makes the error of a place in the settings. */
export type FailAt = (path: readonly string[], why: string) => ConfigurationError;

/** As private-key.ts names it. */
const PRIVATE_KEY = 'private-key';
const BUILT_IN_IDS: readonly string[] = [...RULES.map(({ id }) => id), SECRET_MEMBER_RULE];
/** What these stand for is masked whatever an exception says. */
export const NAMES_OF_NO_RULE: readonly string[] = [PRIVATE_KEY, BUDGET_NAME];

/** A rule of an admin's. */
export interface AdminRule {
  readonly id: string;
  readonly pattern: LinearPattern;
  /** Whether what the pattern found is to be masked. */
  isSecret(text: string): boolean;
}

/** What rules find and is left all the same. */
export interface AdminException {
  /** Its place in the settings; no rule has such an id. */
  readonly id: string;
  /** null: it goes for all rules. */
  readonly rules: ReadonlySet<string> | null;
  /** A text takes no time that would have to be bounded. */
  readonly isPattern: boolean;
  /** Whether this is the whole of it. */
  matches(text: string): boolean;
}

/** The `scrub` of a configuration, ready for use. */
export interface AdminRules {
  readonly rules: readonly AdminRule[];
  readonly keywords: Keywords;
  /** The rules of each keyword, by its number. */
  readonly rulesOfKeyword: readonly (readonly AdminRule[])[];
  readonly exceptions: readonly AdminException[];
}

/**
 * Compiles rules and exceptions of the settings. What they match are bytes, as latin1.
 * @throws ConfigurationError for the first of them that is not accepted
 */
export function compileAdminRules(
  { rules, allow }: Pick<ScrubSettings, 'rules' | 'allow'>,
  failAt: FailAt,
): AdminRules {
  const compiled = rules.map((rule, at) =>
    compileRule(rule, (path, why) => failAt(['scrub', 'rules', `${at}`, ...path], why)),
  );
  const ids = [...BUILT_IN_IDS, ...rules.map(({ id }) => id)];
  const exceptions = allow.map((exception, at) =>
    compileException(exception, `scrub.allow.${at}`, ids, (path, why) =>
      failAt(['scrub', 'allow', `${at}`, ...path], why),
    ),
  );
  const ofRule = rules.map(({ keywords }) => new Set(keywords.map((keyword) => keyword.toLowerCase())));
  const words = [...new Set(ofRule.flatMap((keywords) => [...keywords]))];
  return {
    rules: compiled,
    keywords: createKeywords(words),
    rulesOfKeyword: words.map((word) => compiled.filter((_, at) => ofRule[at]?.has(word) === true)),
    exceptions,
  };
}

function compileRule(settings: RuleSettings, failAt: FailAt): AdminRule {
  const { id, keywords, examples, minimum_entropy: minimumEntropy } = settings;
  if ([...BUILT_IN_IDS, ...NAMES_OF_NO_RULE].includes(id))
    throw failAt(['id'], `${id} is a rule of driverd's own`);
  const pattern = compilePattern(settings.pattern, ['pattern'], failAt);
  const allow = settings.allow === undefined ? null : compilePattern(settings.allow, ['allow'], failAt);
  const rule: AdminRule = {
    id,
    pattern,
    isSecret: (text) =>
      (minimumEntropy === undefined || entropyOf(text) >= minimumEntropy) && allow?.occursIn(text) !== true,
  };
  const gate = createKeywords(keywords.map((keyword) => keyword.toLowerCase()));
  for (const [at, example] of examples.entries()) {
    const place = ['examples', `${at}`];
    const bytes = Buffer.from(example);
    const text = bytes.toString('latin1');
    if (/[\r\n]/.test(example)) throw failAt(place, 'must be one line');
    if (gate.next(bytes, 0, bytes.length) < 0) throw failAt(place, 'none of the keywords stands in it');
    const found = [...pattern.matches(text)];
    if (found.length === 0) throw failAt(place, 'the pattern does not match it');
    if (!found.some(({ start, end }) => rule.isSecret(text.slice(start, end))))
      throw failAt(place, 'what the pattern finds in it is left, by minimum_entropy or allow');
  }
  return rule;
}

function compileException(
  { text, pattern, rules }: ExceptionSettings,
  id: string,
  ids: readonly string[],
  failAt: FailAt,
): AdminException {
  for (const [at, rule] of (rules ?? []).entries()) {
    const place = ['rules', `${at}`];
    if (rule === PRIVATE_KEY) throw failAt(place, 'private keys are masked always');
    if (ids.includes(rule)) continue;
    const nearest = nearestWord(rule, ids);
    throw failAt(place, `there is no rule ${rule}${nearest === null ? '' : `; did you mean ${nearest}?`}`);
  }
  const exact = text === undefined ? null : Buffer.from(text).toString('latin1');
  const whole = pattern === undefined ? null : compilePattern(pattern, ['pattern'], failAt);
  return {
    id,
    rules: rules === undefined ? null : new Set(rules),
    isPattern: whole !== null,
    matches: (found) => found === exact || whole?.matchesWhole(found) === true,
  };
}

function compilePattern(pattern: string, place: readonly string[], failAt: FailAt): LinearPattern {
  try {
    return compileLinear(pattern);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw failAt(place, error.message);
  }
}
