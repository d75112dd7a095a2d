import { utf8Bytes } from '../../shared/utf8.ts';
import { tellLineMatches } from './beside/line-matches.ts';
import type { FoundLines, LinesBeside } from './beside/lines-beside.ts';
import { createSecretFinder, findSecrets } from './find-secrets.ts';
import { followLines } from './follow-lines.ts';
import type { KnownValues } from './known-values.ts';
import { maskBetween } from './mask.ts';
import type { Match } from './match.ts';
import { TURN_BYTES, type Turns } from './turns.ts';

/** How often each rule applied; who scrubs adds to it. */
export type Counting = Map<string, number>;

/** Nothing is found in a shorter text: it is not worth a look. */
const SHORTEST_SECRET = 4;
/** So many bytes are gone through in one turn where all that there is to find was told. */
const TOLD_BYTES = 262_144;

export function addCount(counts: Counting, rule: string): void {
  counts.set(rule, (counts.get(rule) ?? 0) + 1);
}

/** @param mayBeCut whether the beginning of a known value at the end of the text is masked */
export function scrubText(
  known: KnownValues,
  given: string,
  counts: Counting,
  mayBeCut: boolean = true,
): string {
  if (given.length < SHORTEST_SECRET) return given;
  const bytes = utf8Bytes(given);
  return masked(given, bytes, findSecrets(known, bytes, mayBeCut), counts);
}

/** A text that is there as a whole: what ends as a known value begins is not that value, cut off. */
export function* scrubLongText(
  known: KnownValues,
  given: string,
  counts: Counting,
  beside: LinesBeside | null,
): Turns<string> {
  if (given.length <= TURN_BYTES) return scrubText(known, given, counts, false);
  const { bytes, ranges } = yield* findInTurns(known, utf8Bytes(given), beside);
  return masked(given, bytes, ranges, counts);
}

/**
 * What is to be masked in bytes that are there as a whole: the same as `findSecrets` finds where nothing is cut off.
 * @param given to be used no more: the bytes are those that are returned
 * @param beside looks at the lines of long ones
 */
export function* findInTurns(
  known: KnownValues,
  given: Buffer,
  beside: LinesBeside | null,
): Turns<{ readonly bytes: Buffer; readonly ranges: readonly Match[] }> {
  if (given.length <= TURN_BYTES) return { bytes: given, ranges: findSecrets(known, given, false) };
  // What a configuration's exceptions leave has others looked for in its place.
  const looked = beside === null || known.rules !== undefined ? null : yield* lookBeside(given, beside);
  const matches = looked?.matches ?? null;
  const bytes = looked?.bytes ?? given;
  const finder = createSecretFinder(
    known,
    false,
    matches === null ? followLines() : tellLineMatches(matches),
  );
  const turn = matches !== null && known.longest === 0 ? TOLD_BYTES : TURN_BYTES;
  const ranges: Match[] = [];
  let from = 0;
  for (let to = turn; ; to += turn) {
    const ended = to >= bytes.length;
    const decided = finder.look(bytes.subarray(from, to), from, ended);
    for (const range of decided.ranges) ranges.push(range);
    if (ended) return { bytes, ranges };
    from = decided.upTo;
    yield;
  }
}

function* lookBeside(bytes: Buffer, beside: LinesBeside): Turns<FoundLines | null> {
  const looking = beside.find(bytes);
  if (looking === null) return null;
  const found: FoundLines[] = [];
  yield looking.then((looked) => void found.push(looked));
  return found[0] ?? null;
}

function masked(given: string, bytes: Buffer, ranges: readonly Match[], counts: Counting): string {
  if (ranges.length === 0) return given;
  for (const { name } of ranges) addCount(counts, name);
  return maskBetween(bytes, 0, bytes.length, ranges);
}
