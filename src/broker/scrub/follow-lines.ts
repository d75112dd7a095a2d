import { findPatterns } from './find-patterns.ts';
import { createKeywords } from './keywords.ts';
import type { Match } from './match.ts';
import { followPrivateKeys, PRIVATE_KEY_KEYWORD } from './private-key.ts';
import { RULES } from './rules/all.ts';
import type { Rule } from './rules/rule.ts';

/**
 * A longer line is looked at in windows of this length, in bytes, so that memory stays bounded. Where they lie depends
 * on the line alone.
 */
const WINDOW = 16_384;
/** How much two windows share: more than the longest match of any rule with all of its context (a cookie's 8,000). */
const OVERLAP = 8_192;
const STEP = WINDOW - OVERLAP;
/** So many bytes are there behind a window in the middle of a line: a match at its end is widened to its character. */
const BEHIND = 4;
const NEWLINE = 0x0a;
/** No rule matches less than this, its context included, in bytes. */
const SHORTEST_MATCH = 8;

const WORDS = [...new Set([...RULES.flatMap(({ keywords }) => keywords), PRIVATE_KEY_KEYWORD])];
const KEYWORDS = createKeywords(WORDS);
const RULES_OF_WORD = WORDS.map((word) => RULES.filter(({ keywords }) => keywords.includes(word)));
const PRIVATE_KEY_WORD = WORDS.indexOf(PRIVATE_KEY_KEYWORD);

/** Finds in the lines of a stream what rules and private key blocks match. */
export interface LineFollower {
  /**
   * @param bytes of the stream, at least from the place that the last call returned
   * @param offset the place of the first of them in the stream
   * @param report gets matches by their places in `bytes`
   * @returns the place in the stream before which no later match begins
   */
  follow(bytes: Buffer, offset: number, ended: boolean, report: (match: Match) => void): number;
}

/** Whether a rule or a private key could match in these bytes at all. */
export function hasKeyword(bytes: Uint8Array): boolean {
  return KEYWORDS.next(bytes, 0, bytes.length) >= 0;
}

export function followLines(): LineFollower {
  const privateKeys = followPrivateKeys();
  /** Where the next line begins, or the next window of one. */
  let next = 0;
  let beginsLine = true;
  /** Up to here no line's end is left to be found. */
  let searched = 0;

  function lookAt(
    bytes: Buffer,
    from: number,
    to: number,
    accepted: number,
    report: (m: Match) => void,
  ): void {
    if (to === from || (to - from < SHORTEST_MATCH && !privateKeys.isInside())) return;
    const rules: Rule[] = [];
    let marker = false;
    KEYWORDS.all(bytes, from, to, (word) => {
      marker ||= word === PRIVATE_KEY_WORD;
      for (const rule of RULES_OF_WORD[word] ?? []) if (!rules.includes(rule)) rules.push(rule);
    });
    if (rules.length === 0 && !marker && !privateKeys.isInside()) return;
    const text = bytes.toString('latin1', from, to);
    // Whichever keyword came first: the first rule of two names the mark.
    if (rules.length > 1) rules.sort((one, other) => RULES.indexOf(one) - RULES.indexOf(other));
    const matches = [...privateKeys.window(text, accepted - from, beginsLine), ...findPatterns(text, rules)];
    for (const { start, end, name } of matches) report({ start: start + from, end: end + from, name });
  }

  /** Looks at a line, or what is left of a long one, from `at` up to its end. */
  function lookAtLine(bytes: Buffer, at: number, end: number, report: (match: Match) => void): void {
    let from = at;
    for (; end - from > WINDOW; from += STEP) {
      lookAt(bytes, from, from + WINDOW, from + STEP, report);
      beginsLine = false;
    }
    lookAt(bytes, from, end, end, report);
    beginsLine = true;
  }

  function lookAtLines(bytes: Buffer, from: number, to: number, report: (match: Match) => void): void {
    let at = from;
    while (at < to) {
      if (beginsLine && !privateKeys.isInside()) {
        const hit = KEYWORDS.next(bytes, at, to);
        if (hit < 0) return;
        at = Math.max(at, bytes.lastIndexOf(NEWLINE, hit) + 1);
      }
      const newline = bytes.indexOf(NEWLINE, at);
      const end = newline < 0 ? bytes.length : newline;
      lookAtLine(bytes, at, end, report);
      at = end + 1;
    }
  }

  return {
    follow(bytes, offset, ended, report) {
      let at = next - offset;
      const fresh = searched - offset;
      const lastNewline = bytes.subarray(fresh).lastIndexOf(NEWLINE);
      searched = offset + bytes.length;
      if (ended || lastNewline >= 0) {
        const complete = ended ? bytes.length : fresh + lastNewline + 1;
        lookAtLines(bytes, at, complete, report);
        at = complete;
      }
      for (; bytes.length - at > WINDOW + BEHIND; at += STEP) {
        lookAt(bytes, at, at + WINDOW, at + STEP, report);
        beginsLine = false;
      }
      next = offset + at;
      return next;
    },
  };
}
