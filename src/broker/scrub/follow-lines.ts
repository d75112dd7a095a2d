import {
  createPatternFinder,
  type LinePart,
  LONGEST_MATCH,
  type PatternFinder,
  type Report,
} from './find-patterns.ts';
import { createKeywords } from './keywords.ts';
import { followPrivateKeys, PRIVATE_KEY_KEYWORDS } from './private-key.ts';
import type { Probe } from './rule-probe.ts';
import { RULES } from './rules/all.ts';
import type { Rule } from './rules/rule.ts';

/**
 * A line that goes on is looked at as soon as so many bytes of it are new, and as many more are there as the longest
 * match has: so much of it is held. With less, a match that is not there as a whole yet would have to be passed on or
 * masked by its looks.
 */
const STEP = 8_192;
/** So many bytes are kept behind which a match can neither begin nor look back: the longest lead, and what is before it. */
export const KEPT = 2_048;
/** Whole lines become text in parts of this length, in bytes, or of one longer line. */
const AT_ONCE = 65_536;
const NEWLINE = 0x0a;
/** Private keys name the mark before any rule does, which knows less of what it saw. */
const PRIVATE_KEY_RANK = 0.5;

const { words: WORDS, rulesOf: RULES_OF } = sortByWord(RULES);
const LONGEST_WORD = WORDS.reduce((longest, { length }) => Math.max(longest, length), 0);
const KEYWORDS = createKeywords(WORDS);
/** Made as they are needed, for all streams. */
const PROBES: (Probe | undefined)[] = RULES.map(() => undefined);

/** Finds in the lines of a stream what rules and private key blocks match. */
export interface LineFollower {
  /**
   * @param bytes of the stream, at least from the place that the last call returned
   * @param offset the place of the first of them in the stream
   * @param report gets matches by their places in `bytes`
   * @returns the place in the stream before which no later match begins
   */
  follow(bytes: Buffer, offset: number, ended: boolean, report: Report): number;
}

/** Whether a rule or a private key could match in these bytes at all. */
export function hasKeyword(bytes: Uint8Array): boolean {
  return KEYWORDS.next(bytes, 0, bytes.length) >= 0;
}

/** Bytes of the stream that are to be looked at: whole lines, or a part of one that goes on. */
interface Region {
  readonly bytes: Buffer;
  readonly offset: number;
  readonly from: number;
  /** Matches begin before this place. */
  readonly to: number;
  /** Where what may belong to them ends. */
  readonly end: number;
}

/** A region as latin1, with what is kept before it. */
interface RegionText {
  readonly text: string;
  /** The place of its first character in the stream. */
  readonly offset: number;
}

/** What is found depends on the lines alone, never on the parts in which one comes. */
export function followLines(): LineFollower {
  const privateKeys = followPrivateKeys();
  let patterns: PatternFinder | null = null;
  /** All is found that begins before this place. */
  let next = 0;
  /** Whether a line begins there. */
  let beginsLine = true;
  /** Up to here no line's end is left to be found. */
  let searched = 0;

  function textOf({ bytes, offset, from, end }: Region): RegionText {
    const begin = beginsLine ? from : Math.max(0, from - KEPT);
    return { text: bytes.toString('latin1', begin, end), offset: offset + begin };
  }

  /** Tries rules at their keywords; returns the places at which there may be markers of private keys. */
  function findRules(region: Region, report: Report): number[] {
    const { bytes, offset, from, to, end } = region;
    const markers: number[] = [];
    let whole: RegionText | null = null;
    let line: LinePart | null = null;
    let lineEnd = -1;
    /** @param at place in the stream */
    function lineAt(at: number, finder: PatternFinder): LinePart {
      if (line !== null && at < lineEnd) return line;
      if (line !== null) finder.finish(line, report);
      whole ??= textOf(region);
      const begin = startOfLine(whole.text, at - whole.offset, 0);
      const behind = endOfLine(whole.text, at - whole.offset);
      lineEnd = whole.offset + behind;
      const accepted = end > to && behind === whole.text.length ? offset + to : null;
      line = { text: whole.text.slice(begin, behind), offset: whole.offset + begin, accepted };
      finder.begin(line, report);
      return line;
    }
    if (patterns?.isOpen() === true) lineAt(offset + from, patterns);
    KEYWORDS.all(bytes, from, Math.min(end, to + LONGEST_WORD), (word, at) => {
      if (at >= to) return;
      if (word < PRIVATE_KEY_KEYWORDS.length) markers.push(at + offset);
      patterns ??= createPatternFinder(RULES, PROBES);
      patterns.tryAt(lineAt(at + offset, patterns), at + offset, RULES_OF[word] ?? [], report);
    });
    if (line !== null) patterns?.finish(line, report);
    return markers;
  }

  /** @param markers places in the stream */
  function findPrivateKeys(region: Region, markers: readonly number[], report: Report): void {
    const { text, offset } = textOf(region);
    const first = region.offset + region.from - offset;
    const to = region.offset + region.to - offset;
    let at = first;
    let marker = 0;
    while (at < to) {
      if (!privateKeys.isInside()) {
        while (marker < markers.length && (markers[marker] ?? 0) - offset < at) marker += 1;
        const begin = markers[marker];
        if (begin === undefined) return;
        at = startOfLine(text, begin - offset, at);
      }
      const lineEnd = endOfLine(text, at);
      const accepted = Math.min(lineEnd, to) - at;
      const goesOn = at === first && !beginsLine;
      for (const { start, end, name } of privateKeys.window(text.slice(at, lineEnd), accepted, !goesOn)) {
        // What goes on from before begins within it, so that both become one.
        const begin = start === 0 && goesOn ? -1 : start;
        report({ start: offset + at + begin, end: offset + at + end, name }, PRIVATE_KEY_RANK);
      }
      at = lineEnd + 1;
    }
  }

  function lookAt(region: Region, report: Report): void {
    const markers = findRules(region, report);
    if (markers.length > 0 || privateKeys.isInside()) findPrivateKeys(region, markers, report);
    next = region.offset + region.to;
    beginsLine = region.end === region.to;
  }

  return {
    follow(bytes, offset, ended, tell) {
      const report: Report = ({ start, end, name }, rank) =>
        tell({ start: start - offset, end: end - offset, name }, rank);
      const fresh = searched - offset;
      const complete = ended ? bytes.length : fresh + bytes.subarray(fresh).lastIndexOf(NEWLINE) + 1;
      searched = offset + bytes.length;
      let from = next - offset;
      if (ended || complete > fresh)
        while (from < complete) {
          const to = endOfLines(bytes, from, complete);
          lookAt({ bytes, offset, from, to, end: to }, report);
          from = to;
        }
      if (bytes.length - from > STEP + LONGEST_MATCH)
        lookAt({ bytes, offset, from, to: bytes.length - LONGEST_MATCH, end: bytes.length }, report);
      return beginsLine ? next : next - KEPT;
    },
  };
}

/** Where whole lines end of which there are not more than are looked at once, or one longer line. */
function endOfLines(bytes: Buffer, from: number, complete: number): number {
  if (complete - from <= AT_ONCE) return complete;
  const last = bytes.lastIndexOf(NEWLINE, from + AT_ONCE - 1);
  const newline = last >= from ? last : bytes.indexOf(NEWLINE, from);
  return newline < 0 || newline >= complete ? complete : newline + 1;
}

/** The beginning of the line in which this place is, not before `from`. */
function startOfLine(text: string, at: number, from: number): number {
  return at <= from ? from : Math.max(from, text.lastIndexOf('\n', at - 1) + 1);
}

function endOfLine(text: string, at: number): number {
  const newline = text.indexOf('\n', at);
  return newline < 0 ? text.length : newline;
}

/** All keywords, those of private keys first, and for each the rules that have it, by their numbers. */
function sortByWord(rules: readonly Rule[]): { words: string[]; rulesOf: number[][] } {
  const rulesOf = new Map<string, number[]>(PRIVATE_KEY_KEYWORDS.map((word) => [word, []]));
  for (const [number, { keywords }] of rules.entries())
    for (const word of keywords) {
      const others = rulesOf.get(word);
      if (others === undefined) rulesOf.set(word, [number]);
      else if (others.at(-1) !== number) others.push(number);
    }
  return { words: [...rulesOf.keys()], rulesOf: [...rulesOf.values()] };
}
