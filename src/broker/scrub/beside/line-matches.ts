import { followLines, type LineFollower } from '../follow-lines.ts';
import type { Match } from '../match.ts';
import { TURN_BYTES, type Turns } from '../turns.ts';

/** What a rule or a private key block matched in a line, by its places in the text. */
export interface LineMatch extends Match {
  readonly rank: number;
}

/** A finder of secrets may still widen a match by so many bytes, to the end of a character. */
const MOST_WIDENED = 3;
const NEWLINE = 0x0a;

/** Most matches that are told of so many bytes: who has more is to look for itself, so that a queue of them stays small. */
const BYTES_PER_MATCH = 256;
const SURE_MATCHES = 64;

/** All matches in the lines of a whole text; null: they are too many to be told. */
export function* findLineMatches(bytes: Buffer): Turns<readonly LineMatch[] | null> {
  const most = SURE_MATCHES + bytes.length / BYTES_PER_MATCH;
  const lines = followLines();
  const found: LineMatch[] = [];
  let from = 0;
  for (let to = TURN_BYTES; ; to += TURN_BYTES) {
    const ended = to >= bytes.length;
    const offset = from;
    from = lines.follow(bytes.subarray(from, to), from, ended, ({ start, end, name }, rank) => {
      if (found.length <= most) found.push({ start: start + offset, end: end + offset, name, rank });
    });
    if (found.length > most) return null;
    if (ended) return found;
    yield;
  }
}

/** Tells what was found in the lines of a text before, as who looks at them now would find it. */
export function tellLineMatches(found: readonly LineMatch[]): LineFollower {
  const matches = found.toSorted((one, other) => one.start - other.start);
  let next = 0;
  return {
    follow(bytes, offset, ended, report) {
      // Nothing goes over the end of a line.
      const complete = offset + bytes.lastIndexOf(NEWLINE) + 1;
      const last = offset + bytes.length - MOST_WIDENED;
      for (let match = matches[next]; match !== undefined; match = matches[next]) {
        const { start, end, name, rank } = match;
        if (!ended && end > complete && end > last) return start;
        report({ start: start - offset, end: end - offset, name }, rank);
        next += 1;
      }
      return offset + bytes.length;
    },
  };
}
