import { followLines, hasKeyword } from './follow-lines.ts';
import type { KnownValues } from './known-values.ts';
import type { Match } from './match.ts';
import { createMerger } from './merge.ts';

/** A UTF-8 character has at most so many bytes after its first (RFC 3629). */
const MOST_CONTINUATIONS = 3;
/** Behind a known value there must be room for the rest of a character, and for the token border. */
const BEHIND = MOST_CONTINUATIONS + 1;

const NEWLINE = 0x0a;
/** Bytes from here on are of characters that have several (RFC 3629). */
const FIRST_OF_SEVERAL = 0x80;

/** In texts up to this length it is worth making sure first that there is nothing to find, in bytes. */
const SHORT = 256;

/** Finds secrets in a stream. What it finds depends on the bytes alone, never on how they came in chunks. */
export interface SecretFinder {
  /**
   * @param bytes of the stream, from `offset` on: all from the place that the last call decided
   * @param ended whether nothing follows
   */
  look(bytes: Buffer, offset: number, ended: boolean): Decided;
}

export interface Decided {
  /** What is to be masked, in order, by places in the stream; each is told once, when it cannot grow any more. */
  readonly ranges: readonly Match[];
  /** Up to here all is said: bytes before it, outside of ranges, hold no secret. */
  readonly upTo: number;
  /** Bytes from here on up to what was decided belong to a range that is not told yet. */
  readonly openFrom: number | null;
}

export function createSecretFinder(known: KnownValues): SecretFinder {
  const lines = followLines();
  const merger = createMerger();
  let knownFrom = 0;
  let decided = 0;
  /** Up to here no line's end is left to be looked for. */
  let seen = 0;

  /**
   * The place behind the last line that has ended, 0 where there is none. No rule looks beyond a line, so that there
   * only a known value could go on: then it is 0 too. Lines pass at once so, for people who wait for them.
   */
  function endOfLines(bytes: Buffer, from: number): number {
    const end = from + bytes.subarray(from).lastIndexOf(NEWLINE) + 1;
    return end > from && !known.mayContinue(bytes.subarray(0, end)) ? end : 0;
  }

  return {
    look(bytes, offset, ended) {
      const from = knownFrom - offset;
      const lineEnd = endOfLines(bytes, seen - offset);
      seen = offset + bytes.length;
      const to = ended ? bytes.length : Math.max(from, lineEnd, bytes.length - known.longest - BEHIND);
      const add =
        (rank: number) =>
        (match: Match): void =>
          merger.add(inStream(bytes, offset, match), rank);
      known.find(bytes, from, to, add(0));
      knownFrom = offset + to;
      const linesFrom = lines.follow(bytes, offset, ended, add(1));
      // A match may still be widened to the first byte of its first character.
      const safe = Math.min(knownFrom, linesFrom) - MOST_CONTINUATIONS;
      decided = ended ? offset + bytes.length : Math.max(decided, safe, offset + lineEnd);
      return { ranges: merger.merge(decided, ended), upTo: decided, openFrom: merger.openFrom() };
    },
  };
}

/** What is to be masked in bytes that are there as a whole. */
export function findSecrets(known: KnownValues, bytes: Buffer): readonly Match[] {
  if (bytes.length <= SHORT && !hasKeyword(bytes) && !occurs(known, bytes)) return [];
  return createSecretFinder(known).look(bytes, 0, true).ranges;
}

/** The match by its places in the stream, widened to whole UTF-8 characters (10xxxxxx continues one), never over ASCII. */
function inStream(bytes: Buffer, offset: number, { start, end, name }: Match): Match {
  const byte = (at: number): number => bytes[at] ?? 0;
  const continues = (at: number): boolean =>
    (byte(at) & 0xc0) === FIRST_OF_SEVERAL && byte(at - 1) >= FIRST_OF_SEVERAL;
  let [first, behind] = [start, end];
  while (first > 0 && start - first < MOST_CONTINUATIONS && continues(first)) first -= 1;
  while (behind - end < MOST_CONTINUATIONS && continues(behind)) behind += 1;
  return { start: first + offset, end: behind + offset, name };
}

function occurs(known: KnownValues, bytes: Buffer): boolean {
  let found = false;
  known.find(bytes, 0, bytes.length, () => {
    found = true;
  });
  return found;
}
