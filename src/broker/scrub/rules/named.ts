import { behindEscapes } from './behind-escapes.ts';
import type { Rule } from './rule.ts';
import { escaped, type Shape } from './shapes.ts';

/** Quotes as they are, escaped, as entities, and colours of a terminal. */
const QUOTE = '(?:["\'`\\\\]|&(?:quot|apos|#3[49]);|\\\\u002[27]|\\x1b\\[[0-9;]{0,8}m)';
/**
 * The rest of the name: further words of it, members, what closes a string, the next attribute of an element. It is
 * taken as a whole, by a look ahead and a reference to it, and never tried shorter: so the time for one name is small.
 */
const REST =
  '(?=(?<rest>[\\w .\\-\\]"\'\\\\]{0,32}))\\k<rest>(?:\\[["\'\\\\]{1,3}[\\w.\\-]{0,40}["\'\\\\\\]]{0,4}\\s{0,3})?';
/** The sign that assigns, compares or hands over; what is longer comes first. */
const SIGN = `(?:&(?:quot|#3[49]);)?(?:${[
  // const token: string = "…"
  ':\\s{0,2}[&\\w]{2,12}\\s{0,2}=',
  // {"name": "TOKEN", "value": "…"}
  ',\\s{0,2}["\']?value["\']?\\s{0,2}[:=]',
  // "TOKEN": {"value": "…"}
  '[:=]\\s{0,2}\\{\\s{0,2}["\']?\\w{1,12}["\']?\\s{0,2}[:=]',
  '[:?+|&!=]{0,3}[:=]>?',
  '\\|\\||\\?\\?|[,>(]|%3[AaDd]',
].join('|')})`;
/** Without a sign, as in `--api-token …`, only behind a word that says what follows. */
const TOLD = `[\\w .-]{0,20}?(?:key|token|secret|password|credential)s?["']?(?: {1,2}is)?[ \\t]{1,3}`;
/** What stands between the sign and the secret. */
const OPENED = `\\s{0,20}(?:[A-Za-z[\\]]{1,8}\\()?(?:[brufL@$]?${QUOTE}{1,3})?(?:(?:bearer|token|basic|apikey|sso-key)\\s)?`;
const ASSIGNED = `(?:${REST}${SIGN}|${TOLD})${OPENED}`;

/** Words alone are names or placeholders. */
const WORDS = /^(?:[a-z_.=-]*|[A-Z_.=-]*)$/;
/** What parts the words of a name; they may also touch. */
const PARTED = ['_', '-', ''];

interface Named {
  readonly id: string;
  /**
   * ASCII in lower case, each at least 3 characters long; the secret stands behind one of them. An underscore stands
   * for any way to part words: `api_key` is also `api-key` and `apiKey`. At the end of a name a word must end there.
   */
  readonly names: readonly string[];
  /** The source of a pattern for what stands before a name; escapes may, too. */
  readonly border?: string;
  /** A shape, or the source of a pattern with bounded repetitions; letters count in upper and lower case. */
  readonly secret: Shape | string;
  readonly minimumEntropy?: number;
  /** Instead of the rule that words alone are no secret. */
  readonly allow?: RegExp;
  /** What assigns such a secret, in full; one is made where the secret is given as a shape. */
  readonly examples?: readonly string[];
  readonly counterExamples?: readonly string[];
}

/** A rule for a secret that cannot be told by its looks, and stands behind the name of its provider. */
export function named({
  names,
  border = '',
  secret,
  examples = [],
  counterExamples = [],
  ...rule
}: Named): Rule {
  const keywords = names.flatMap(spellings);
  return {
    allow: WORDS,
    ...rule,
    keywords,
    get pattern() {
      const words = keywords.map(escaped).join('|');
      const source = typeof secret === 'string' ? secret : secret.source;
      return behindEscapes(`${border}(?:${words})${ASSIGNED}(?<secret>${source})(?![\\w-])`, 'dgi');
    },
    get examples() {
      if (typeof secret === 'string') return examples;
      const shown = names.flatMap((name, at) =>
        assignments(name, secret.example).slice(0, at === 0 ? undefined : 1),
      );
      return [...examples, ...shown];
    },
    get counterExamples() {
      return [...counterExamples, ...names.flatMap((name) => [`${name} = short`, `the ${name} one`])];
    },
  };
}

function spellings(name: string): string[] {
  const signs = name.endsWith('_') ? PARTED.filter((sign) => sign !== '') : PARTED;
  return [...new Set(signs.map((sign) => name.replaceAll('_', sign)))];
}

function assignments(name: string, secret: string): string[] {
  return [
    `${name.toUpperCase()}_KEY=${secret}`,
    `"${name}": "${secret}"`,
    `--${name.replaceAll('_', '-')}-token ${secret}`,
    `<add key="${name}" value="${secret}"/>`,
    `set${name}Key('${secret}')`,
  ];
}
