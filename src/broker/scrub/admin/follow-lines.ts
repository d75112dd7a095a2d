import type { Match } from '../match.ts';
import { BUDGET_NAME } from './budget.ts';
import type { AdminFollower } from './call-rules.ts';

/** A longer line is looked at in windows of this length, in bytes, as with driverd's own rules. */
const WINDOW = 16_384;
/** How much two windows share. A match that reaches over all of it is masked to the end of the line. */
const OVERLAP = 8_192;
const STEP = WINDOW - OVERLAP;
/** So many bytes are there behind a window in the middle of a line: a match at its end is widened to its character. */
const BEHIND = 4;
const NEWLINE = 0x0a;

/** What is looked for in lines. */
export interface LineSearch {
  /** The place of the first keyword in a range, or -1. */
  next(bytes: Buffer, from: number, to: number): number;
  /** What rules match in a range, by places in it; what ran out of its time has the whole of it. */
  find(bytes: Buffer, from: number, to: number): readonly Match[];
}

/** Takes a stream apart into lines and windows. Where they lie depends on the bytes alone, not on their chunks. */
export function followAdminLines({ next, find }: LineSearch): AdminFollower {
  /** Where the next line begins, or the next window of one. */
  let from = 0;
  let beginsLine = true;
  /** Up to here no line's end is left to be found. */
  let searched = 0;
  /** The name under which the rest of a long line is masked. */
  let restOfLine: string | null = null;

  /** @param goesOn null where the line ends with the window, else where the next window begins */
  function lookAt(
    bytes: Buffer,
    at: number,
    to: number,
    goesOn: number | null,
    report: (match: Match) => void,
  ): void {
    const upTo = goesOn ?? to;
    if (restOfLine !== null) {
      if (upTo > at) report({ start: at, end: upTo, name: restOfLine });
      return;
    }
    for (const { start, end, name } of find(bytes, at, to)) {
      const isOpen = goesOn !== null && at + end === to;
      // It is found again, with what follows it, in the next window.
      if (isOpen && at + start >= goesOn) continue;
      report({ start: at + start, end: at + end, name });
      // A line that took too long for one rule is that rule's as a whole.
      if (isOpen) restOfLine = restOfLine === BUDGET_NAME ? restOfLine : name;
    }
  }

  /** Looks at a line, or what is left of a long one, from `at` up to its end. */
  function lookAtLine(bytes: Buffer, at: number, end: number, report: (match: Match) => void): void {
    let window = at;
    for (; end - window > WINDOW; window += STEP)
      lookAt(bytes, window, window + WINDOW, window + STEP, report);
    lookAt(bytes, window, end, null, report);
    restOfLine = null;
  }

  function lookAtLines(bytes: Buffer, begin: number, to: number, report: (match: Match) => void): void {
    let at = begin;
    while (at < to) {
      if (beginsLine) {
        const hit = next(bytes, at, to);
        if (hit < 0) return;
        at = Math.max(at, bytes.lastIndexOf(NEWLINE, hit) + 1);
      }
      const newline = bytes.indexOf(NEWLINE, at);
      const end = newline < 0 ? bytes.length : newline;
      lookAtLine(bytes, at, end, report);
      beginsLine = true;
      at = end + 1;
    }
  }

  return {
    follow(bytes, offset, ended, report) {
      let at = from - offset;
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
      from = offset + at;
      return from;
    },
  };
}
