import { BUDGET_NAME } from './admin/budget.ts';
import { BORDER_BEFORE, BORDER_BEHIND } from './borders.ts';
import { readCanonically } from './canonical-view.ts';
import { readDumps } from './dump-view.ts';
import { followLines, hasKeyword, type LineFollower } from './follow-lines.ts';
import { followView } from './follow-view.ts';
import type { KnownValues } from './known-values.ts';
import type { Match } from './match.ts';
import { createMerger } from './merge.ts';
import type { NeedleIndex } from './needle-index.ts';
import { joinRuns } from './runs.ts';
import { createView } from './view.ts';

/** A UTF-8 character has at most so many bytes after its first (RFC 3629). */
const MOST_CONTINUATIONS = 3;
/** Behind a known value there must be room for the rest of a character, and for what tells a token border. */
const BEHIND = MOST_CONTINUATIONS + BORDER_BEHIND;
/** A known value may go over the end of a line in the canonical view only where so many bytes of it are before that. */
const UNBROKEN = 4;

/** A line that took too long is that alone, whatever is found in it besides. */
const BUDGET_RANK = -1;
/** What is found in the bytes themselves names the mark before what is found in a view of them. */
const VIEW_RANK = 0.1;
/** A known value names the mark before a rule of an admin's does, and that before driverd's own. */
const ADMIN_RANK = 0.75;

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

/**
 * @param mayBeCut whether the beginning of a known value at the end of the stream is masked
 * @param lines finds what rules and private key blocks match
 */
export function createSecretFinder(
  known: KnownValues,
  mayBeCut: boolean = true,
  lines: LineFollower = followLines(),
): SecretFinder {
  const merger = createMerger();
  const views = [
    followView(readCanonically(known.canonical), known.canonical, { unbroken: UNBROKEN, mayBeCut }),
    followView(readDumps(), known.dumped, { unbroken: 1, mayBeCut }),
  ].slice(0, known.longest === 0 ? 0 : undefined);
  const { rules } = known;
  const adminLines = rules?.follow();
  let knownFrom = 0;
  let decided = 0;
  /** Up to here no line's end is left to be looked for. */
  let seen = 0;

  /**
   * The place behind the last line that has ended, 0 where there is none. No rule looks beyond a line, so that there
   * only a known value could go on: then it is 0 too. Lines pass at once so, for people who wait for them.
   */
  function endOfLines(bytes: Buffer, offset: number): number {
    const from = seen - offset;
    const end = from + bytes.subarray(from).lastIndexOf(NEWLINE) + 1;
    if (end === from || known.mayContinue(bytes.subarray(0, end))) return 0;
    return views.some((view) => view.mayGoOver(end + offset)) ? 0 : end;
  }

  /** Up to which place everything was looked at for known values. */
  function lookForKnown(
    bytes: Buffer,
    offset: number,
    lineEnd: number,
    ended: boolean,
    add: (rank: number) => (match: Match) => void,
  ): number {
    const from = knownFrom - offset;
    const to = ended ? bytes.length : Math.max(from, lineEnd, bytes.length - known.longest - BEHIND);
    const runs = joinRuns(add(0));
    known.find(bytes, from, to, runs.add);
    runs.end();
    const cut = ended && mayBeCut ? known.unfinished(bytes) : null;
    if (cut !== null) add(0)(cut);
    knownFrom = offset + to;
    const places = views.map((view, at) => {
      const report = add(at + 1);
      return view.find(bytes, offset, lineEnd === 0 ? 0 : lineEnd + offset, ended, ({ start, end, name }) =>
        report({ start: start - offset, end: end - offset, name }),
      );
    });
    return Math.min(knownFrom, ...places);
  }

  return {
    look(bytes, offset, ended) {
      for (const view of views) view.read(bytes, offset, ended);
      const lineEnd = endOfLines(bytes, offset);
      seen = offset + bytes.length;
      const add = (match: Match, rank: number): void => merger.add(inStream(bytes, offset, match), rank);
      const foundFrom = lookForKnown(
        bytes,
        offset,
        lineEnd,
        ended,
        (view) => (match) => add(match, view * VIEW_RANK),
      );
      const adminFrom = adminLines?.follow(bytes, offset, ended, (match) =>
        add(match, match.name === BUDGET_NAME ? BUDGET_RANK : ADMIN_RANK),
      );
      const linesFrom = lines.follow(bytes, offset, ended, (match, rank) => {
        const isAllowed = rules?.isAllowed(match.name, bytes.toString('latin1', match.start, match.end));
        if (isAllowed === true) return false;
        add(match, rank);
        return true;
      });
      // A match may still be widened to the first byte of its first character, and what is before it may tell its border.
      const safe = Math.min(foundFrom, linesFrom, adminFrom ?? linesFrom) - BORDER_BEFORE;
      decided = ended ? offset + bytes.length : Math.max(decided, safe, offset + lineEnd);
      return { ranges: merger.merge(decided, ended), upTo: decided, openFrom: merger.openFrom() };
    },
  };
}

/**
 * What is to be masked in bytes that are there as a whole.
 * @param mayBeCut whether the beginning of a known value at their end is masked
 */
export function findSecrets(known: KnownValues, bytes: Buffer, mayBeCut: boolean = true): readonly Match[] {
  const mayMatch = (): boolean => hasKeyword(bytes) || known.rules?.hasKeyword(bytes) === true;
  if (bytes.length <= SHORT && !mayMatch() && !occurs(known, bytes)) return [];
  return createSecretFinder(known, mayBeCut).look(bytes, 0, true).ranges;
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
  return (
    known.longest > 0 &&
    (isIn(known, bytes) || bytes.includes(NEWLINE) || isIn(known.canonical, canonicalView(known, bytes)))
  );
}

function canonicalView(known: KnownValues, bytes: Buffer): Uint8Array {
  const view = createView();
  readCanonically(known.canonical).read(bytes, 0, true, view);
  return view.bytes();
}

function isIn(index: NeedleIndex, bytes: Uint8Array): boolean {
  let found = false;
  index.find(bytes, 0, bytes.length, () => {
    found = true;
  });
  return found || index.unfinished(bytes) !== null;
}
