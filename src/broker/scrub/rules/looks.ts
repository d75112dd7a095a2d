import { behindEscapes } from './behind-escapes.ts';
import { named } from './named.ts';
import type { Rule } from './rule.ts';

/** So many of a rule's keywords are made counter-examples of it. */
const COUNTER_EXAMPLES = 4;

/** What a documentation writes where a secret would stand. */
const PLACEHOLDER = /x{10}|X{10}|\*{8}/;
/** A shorter name may be a part of a word (`okta` of `rookTable`), so that no letter may stand before it. */
const PART_OF_NO_WORD = 7;

type Refined = Partial<Pick<Rule, 'minimumEntropy' | 'allow' | 'isGenuine'>>;

/**
 * A rule for secrets that are told by their looks.
 * @param keywords in upper or lower case; what matches holds one of them, or stands behind it in the line
 */
export function looks(
  id: string,
  keywords: string | readonly string[],
  pattern: RegExp,
  examples: string | readonly string[],
  refined: Refined = {},
): Rule {
  const all = [keywords].flat();
  return {
    id,
    keywords: all.map((keyword) => keyword.toLowerCase()),
    get pattern() {
      return behindEscapes(pattern.source, pattern.flags);
    },
    allow: PLACEHOLDER,
    ...refined,
    examples: [examples].flat(),
    counterExamples: all.slice(0, COUNTER_EXAMPLES).map((keyword) => `${keyword}short`),
  };
}

/**
 * A rule for secrets that look like many other things, and stand behind the name of their provider.
 * @param secret the source of a pattern, in which case does not matter
 * @param value one that it matches
 */
export function behind(
  id: string,
  names: string | readonly string[],
  secret: string,
  value: string,
  refined: Pick<Refined, 'minimumEntropy' | 'allow'> = {},
): Rule {
  const all = [names].flat();
  return named({
    id,
    names: all,
    ...(all.every((name) => name.length >= PART_OF_NO_WORD) ? {} : { border: '(?<![A-Za-z])' }),
    secret,
    ...refined,
    examples: [`${all[0]}: ${value}`, `${all[0]}="${value}"`],
  });
}

/** The prefix with each of the endings. */
export function each(prefix: string, endings: Iterable<string>): string[] {
  return [...endings].map((ending) => prefix + ending);
}

/** What stands before a token whose prefix is too short to be looked for alone. */
export function quoted(prefix: string): string[] {
  return ['"', "'", '`', '=', ':', ' '].map((before) => before + prefix);
}

export const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

/** Hexadecimal digits, as the source of a pattern. */
export const hexOf = (shortest: number, longest = shortest): string => `[0-9a-f]{${shortest},${longest}}`;

/**
 * Letters and digits, as the source of a pattern; there is a digit among them, so that no word of a language matches.
 * @param more further characters
 */
export function lettersAndDigits(shortest: number, longest = shortest, more = ''): string {
  return `(?=[a-z${more}]{0,${longest - 1}}\\d)[a-z0-9${more}]{${shortest},${longest}}`;
}
