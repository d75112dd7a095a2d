import { createKeywords } from './keywords.ts';
import { isMasked } from './marks.ts';
import type { Match } from './match.ts';
import { LONGEST_LEAD, type Probe, probeOf, secretRange } from './rule-probe.ts';
import { entropyOf } from './rules/entropy.ts';
import type { Rule } from './rules/rule.ts';
import { createSignFinder } from './sign-finder.ts';

/** A longer secret may be longer than its rule allows: it is masked to the end of the token that it ends in. */
const LONG_SECRET = 500;
const REST_OF_TOKEN = /[^\s"'`,;<>(){}[\]|]*/y;
const REST_OF_LINE = /[^\r\n]*/y;
/** No match is longer, with what the pattern looks at behind it (a cookie, or a web token, has over 8,000 characters). */
export const LONGEST_MATCH = 10_240;
/** A secret that is told by a word near it begins at most so far behind the word, or the longest lead before it. */
const AROUND = 4_096;

/** A line of a stream, or what is there of it. Places are those in the stream. */
export interface LinePart {
  /** As latin1. */
  readonly text: string;
  /** The place of its first character. */
  readonly offset: number;
  /** Matches that begin here or behind are left to the next part; null where the line ends with the text. */
  readonly accepted: number | null;
}

/** Gets a match by its places in the stream; false: it is left all the same, and does not count. */
export type Report = (match: Match, rank: number) => unknown;

/** Matches rules at the places of keywords in a stream. */
export interface PatternFinder {
  /** Goes on with what reached beyond the parts of the line before; first of all for each part. */
  begin(line: LinePart, report: Report): void;
  /** Tries rules at a keyword, by their numbers; places come in order. */
  tryAt(line: LinePart, at: number, rules: readonly number[], report: Report): void;
  /** Looks at the rest of the part. */
  finish(line: LinePart, report: Report): void;
  /** Whether something reaches beyond the part. */
  isOpen(): boolean;
}

interface LongSecret {
  readonly rule: number;
  readonly name: string;
  readonly rest: RegExp;
  /** Up to here it is masked. */
  readonly end: number;
}

/**
 * Finds just what each pattern would find in the whole line, from left to right, whatever parts of the line are there
 * at once.
 * @param probes of the rules by their numbers; filled as they are needed
 */
export function createPatternFinder(rules: readonly Rule[], probes: (Probe | undefined)[]): PatternFinder {
  /** For each rule the place before which no match begins any more. */
  const resumeAt = new Float64Array(rules.length);
  /** The last place at which a match of a rule may begin that is looked for around its keywords. */
  const around = new Map<number, number>();
  const signs = createSignFinder();
  let long: LongSecret[] = [];
  /** What was reported last: what a less specific rule finds within it changes nothing, and costs no more. */
  let reported = { start: 0, end: 0, rule: 0 };

  /** The last text that each rule was asked about, since outputs repeat themselves, and what it said. */
  const judged = new Map<number, { readonly text: string; readonly isSecret: boolean }>();

  function judge(number: number, rule: Rule, text: string): boolean {
    const last = judged.get(number);
    if (last?.text === text) return last.isSecret;
    const verdict = isSecret(rule, text);
    // A slice keeps all of the text alive that it was cut from (V8: SlicedString): a line of MiB for each rule. A copy does not.
    judged.set(number, { text: Buffer.from(text, 'latin1').toString('latin1'), isSecret: verdict });
    return verdict;
  }

  function reportLong(line: LinePart, secret: LongSecret, start: number, report: Report): void {
    const { rule, name, rest } = secret;
    rest.lastIndex = secret.end - line.offset;
    const end = secret.end + (rest.exec(line.text)?.[0].length ?? 0);
    report({ start, end, name }, rule + 1);
    resumeAt[rule] = Math.max(resumeAt[rule] ?? 0, end);
    if (line.accepted !== null && end === line.offset + line.text.length) long.push({ ...secret, end });
  }

  /** @param keyword the place of one at or before which the match begins */
  function reportFound(
    line: LinePart,
    number: number,
    keyword: number,
    found: RegExpExecArray,
    report: Report,
  ): void {
    const rule = rules[number];
    if (rule === undefined) return;
    const { text, offset } = line;
    const [start, end] = secretRange(found);
    const isCovered =
      start + offset >= reported.start && end + offset <= reported.end && number >= reported.rule;
    if (isCovered) return;
    const secret = text.slice(start, end);
    if (isMasked(text, keyword, start, end) || !judge(number, rule, secret)) return;
    if (end - start < LONG_SECRET) {
      const counts = report({ start: start + offset, end: end + offset, name: rule.id }, number + 1);
      if (counts !== false) reported = { start: start + offset, end: end + offset, rule: number };
      return;
    }
    // White space in it did not end it, so that no other will.
    const rest = /\s/.test(secret) ? REST_OF_LINE : REST_OF_TOKEN;
    reportLong(line, { rule: number, name: rule.id, rest, end: end + offset }, start + offset, report);
  }

  function tryRule(line: LinePart, at: number, number: number, report: Report): void {
    const probe = probeAt(number);
    if (probe === undefined) return;
    const { text, offset } = line;
    const resume = resumeAt[number] ?? 0;
    if (probe.kind === 'around-keyword') {
      const last = around.get(number);
      if (last !== undefined && last < at - LONGEST_LEAD) lookAround(line, number, last, report);
      if (last === undefined || last < at - LONGEST_LEAD)
        resumeAt[number] = Math.max(resumeAt[number] ?? 0, at - LONGEST_LEAD, offset);
      around.set(number, at + AROUND);
      return;
    }
    const from = Math.max(at - probe.lead, resume, offset);
    if (from > at) return;
    const { pattern } = probe;
    const canBegin = mayBegin(probe.notBehind, text, from - offset, at - offset);
    if (!canBegin || !probe.signs.every((sign) => signs.isNear(sign, text, from - offset))) {
      resumeAt[number] = at + 1;
      return;
    }
    pattern.lastIndex = from - offset;
    const found = pattern.exec(text);
    resumeAt[number] = Math.max(at + 1, offset + pattern.lastIndex);
    if (found !== null) reportFound(line, number, at - offset, found, report);
  }

  function probeAt(number: number): Probe | undefined {
    const rule = rules[number];
    if (rule === undefined) return undefined;
    const probe = probes[number] ?? probeOf(rule);
    probes[number] = probe;
    return probe;
  }

  /** Looks for matches that begin up to this place, in this line. */
  function lookAround(line: LinePart, number: number, upTo: number, report: Report): void {
    const pattern = probeAt(number)?.pattern;
    if (pattern === undefined) return;
    const { text, offset } = line;
    const last = Math.min(upTo, offset + text.length);
    const reach = last - offset + LONGEST_MATCH;
    const near = reach < text.length ? text.slice(0, reach) : text;
    for (let from = resumeAt[number] ?? 0; from <= last; from = resumeAt[number] ?? 0) {
      pattern.lastIndex = from - offset;
      const found = pattern.exec(near);
      const start = found === null ? Infinity : found.index + offset;
      resumeAt[number] = start > last ? last + 1 : Math.max(start + 1, offset + pattern.lastIndex);
      if (found !== null && start <= last) reportFound(line, number, found.index, found, report);
    }
  }

  return {
    begin(line, report) {
      signs.begin();
      const secrets = long;
      long = [];
      // What goes on begins within what was masked before, so that both become one.
      for (const secret of secrets) reportLong(line, secret, secret.end - 1, report);
    },
    tryAt(line, at, numbers, report) {
      for (const number of numbers) tryRule(line, at, number, report);
    },
    finish(line, report) {
      if (around.size === 0) return;
      for (const [number, last] of around) {
        lookAround(line, number, line.accepted === null ? last : Math.min(last, line.accepted - 1), report);
        if (line.accepted === null || last < line.accepted) around.delete(number);
      }
    },
    isOpen: () => long.length > 0 || around.size > 0,
  };
}

/** All that these rules find in a line. */
export function findPatterns(text: string, rules: readonly Rule[]): Match[] {
  const found: Match[] = [];
  const line: LinePart = { text, offset: 0, accepted: null };
  const bytes = Buffer.from(text, 'latin1');
  for (const rule of rules) {
    const finder = createPatternFinder([rule], []);
    const report: Report = (match) => void found.push(match);
    createKeywords(rule.keywords).all(bytes, 0, bytes.length, (_keyword, at) =>
      finder.tryAt(line, at, [0], report),
    );
    finder.finish(line, report);
  }
  return found;
}

/** Whether a match may begin at one of these places, by what stands before it. */
function mayBegin(notBehind: Uint8Array | null, text: string, from: number, to: number): boolean {
  if (notBehind === null) return true;
  for (let at = from; at <= to; at += 1) if (notBehind[text.charCodeAt(at - 1)] !== 1) return true;
  return false;
}

function isSecret({ minimumEntropy, allow, isGenuine }: Rule, text: string): boolean {
  return (
    (minimumEntropy === undefined || entropyOf(text) >= minimumEntropy) &&
    allow?.test(text) !== true &&
    isGenuine?.(text) !== false
  );
}
