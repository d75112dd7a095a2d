import { RE2JS, RE2JSException } from 're2js';

/**
 * Most instructions of a compiled pattern (RE2's own measure of what a step may cost). Counted repetitions within each
 * other multiply: they end here.
 */
const MOST_INSTRUCTIONS = 1_000;

/** What RE2 refuses since no automaton without memory can do it, as its words say it, and in ours. */
const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [/`\(\?<?[=!]/, 'it looks around (`(?=`, `(?!`, `(?<=`, `(?<!`), which takes more than linear time'],
  [/invalid escape sequence: `\\[1-9k]/, 'it refers back to a group, which takes more than linear time'],
  [/expression too large|invalid repeat count/, 'its counted repetitions make it too large'],
];

/** A pattern that takes time that grows with the text alone, whatever it is and whatever the text. */
export interface LinearPattern {
  /** What is to be masked at each place where it matches, in order; nothing of no length. */
  matches(text: string): Iterable<{ readonly start: number; readonly end: number }>;
  occursIn(text: string): boolean;
  matchesWhole(text: string): boolean;
}

/**
 * Compiles a pattern for RE2's algorithm (R. Cox, Regular Expression Matching Can Be Simple And Fast, 2007): there is no
 * backtracking in it that could be catastrophic.
 * @param pattern in RE2's syntax; a group named `secret` is what `matches` tells of
 * @throws Error with the reason alone where it is none, is too large, or needs what is not linear
 */
export function compileLinear(pattern: string): LinearPattern {
  const compiled = compile(pattern);
  if (compiled.programSize() > MOST_INSTRUCTIONS)
    throw new Error('its counted repetitions make it too large');
  if (compiled.matches('')) throw new Error('it matches the empty text');
  const group = 'secret' in compiled.namedGroups() ? 'secret' : 0;
  return {
    *matches(text) {
      const matcher = compiled.matcher(text);
      while (matcher.find()) {
        // A group that took no part has no place: then all of the match is meant.
        const used = matcher.start(group) < 0 ? 0 : group;
        const [start, end] = [matcher.start(used), matcher.end(used)];
        if (end > start) yield { start, end };
      }
    },
    occursIn: (text) => compiled.matcher(text).find(),
    matchesWhole: (text) => compiled.matches(text),
  };
}

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    const why = REFUSALS.find(([words]) => words.test(error.message))?.[1];
    throw new Error(why ?? error.message.replace(/^error parsing regexp: /, ''));
  }
}
