import type { Rule } from './rule.ts';

/** Between a provider's name and what is assigned to it: the rest of the name, quotes, the sign of the assignment. */
const ASSIGNED = '[\\w .-]{0,30}["\'\\]]{0,3}\\s{0,3}(?:=>|\\?=|:{1,3}=|=|:|,|\\|\\||>)\\s{0,3}["\'`]{0,2}';

interface Named {
  readonly id: string;
  /** ASCII in lower case, each at least 3 characters long; the secret stands behind one of them. */
  readonly names: readonly string[];
  /** The source of a pattern with bounded repetitions; letters count in upper and lower case. */
  readonly secret: string;
  readonly minimumEntropy?: number;
  readonly allow?: RegExp;
  readonly examples: readonly string[];
  readonly counterExamples?: readonly string[];
}

/** A rule for a secret that cannot be told by its looks, and stands behind the name of its provider. */
export function named({ names, secret, counterExamples = [], ...rule }: Named): Rule {
  const words = names.map((name) => name.replace(/[.\\+*?^$()[\]{}|/-]/g, '\\$&')).join('|');
  return {
    ...rule,
    keywords: names,
    pattern: new RegExp(`(?:${words})${ASSIGNED}(?<secret>${secret})(?![\\w-])`, 'dgi'),
    counterExamples: [...counterExamples, ...names.map((name) => `${name} = short`)],
  };
}
