import type { Rule } from './rule.ts';
import { escaped, type Shape, sequence } from './shapes.ts';

/** Prefixes from this length on that hold a sign are in no ordinary word, and need no border in front of them. */
const DISTINCT = 6;
const SIGN = /[^A-Za-z0-9]/;
/** A border, or what is printed right in front of a token: an escape of a string, of a URL, or of a terminal. */
const BEGINS = '(?:(?<![A-Za-z0-9])|(?<=\\\\[nrt]|%[0-9A-Fa-f]{2}|\\x1b\\[[0-9;]{0,12}m))';
const ENDS = '(?![A-Za-z0-9_])';
/** Of less a placeholder is made, such as a prefix with an `x` for each character. In bits a character. */
const LEAST_ENTROPY = 2;

type Options = Partial<Pick<Rule, 'minimumEntropy' | 'allow' | 'isGenuine' | 'counterExamples'>>;

/**
 * A rule for a secret that is told by how it begins.
 * @param prefixes one or more, with spaces between them
 * @param parts of what follows the prefix; a string stands for itself
 */
export function prefixed(
  id: string,
  prefixes: string,
  parts: Shape | readonly (Shape | string)[],
  options: Options = {},
): Rule {
  const all = prefixes.split(' ');
  const begins = all.every((prefix) => prefix.length >= DISTINCT && SIGN.test(prefix)) ? '' : BEGINS;
  const body = sequence(...[parts].flat());
  const pattern = `${begins}${choice(all)}${body.source}${body.isExact ? ENDS : ''}`;
  return told(id, all, pattern, body, { minimumEntropy: LEAST_ENTROPY, ...options });
}

/**
 * A rule for a secret behind a text that is no part of it and stays.
 * @param leads one or more, with spaces between them; letters count in upper and lower case
 * @param parts of the secret; a string stands for itself
 */
export function behind(
  id: string,
  leads: string,
  parts: Shape | readonly (Shape | string)[],
  options: Options = {},
): Rule {
  const all = leads.split(' ');
  const body = sequence(...[parts].flat());
  const pattern = `${choice(all, true)}(?<secret>${body.source})${body.isExact ? ENDS : ''}`;
  return told(id, all, pattern, body, options);
}

function told(
  id: string,
  starts: readonly string[],
  pattern: string,
  body: Shape,
  { counterExamples = [], ...options }: Options,
): Rule {
  return {
    id,
    keywords: starts.map((start) => start.toLowerCase()),
    pattern: new RegExp(pattern, 'dg'),
    ...options,
    examples: starts.map((start) => start + body.example),
    counterExamples: [...counterExamples, ...starts.map((start) => `${start}*`)],
  };
}

function choice(texts: readonly string[], isAnyCase = false): string {
  const sources = texts.map((text) => (isAnyCase ? inAnyCase(text) : escaped(text)));
  return sources.length > 1 ? `(?:${sources.join('|')})` : (sources[0] ?? '');
}

function inAnyCase(text: string): string {
  return [...text]
    .map((character) => {
      const [lower, upper] = [character.toLowerCase(), character.toUpperCase()];
      return lower === upper ? escaped(character) : `[${lower}${upper}]`;
    })
    .join('');
}
