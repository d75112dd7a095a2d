import { utf8Bytes } from '../../shared/utf8.ts';
import { createSecretFinder, findSecrets } from './find-secrets.ts';
import type { KnownValues } from './known-values.ts';
import { maskBetween } from './mask.ts';
import type { Match } from './match.ts';
import { TURN_BYTES, type Turns } from './turns.ts';

/** How often each rule applied; who scrubs adds to it. */
export type Counting = Map<string, number>;

/** Nothing is found in a shorter text: it is not worth a look. */
const SHORTEST_SECRET = 4;

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
export function* scrubLongText(known: KnownValues, given: string, counts: Counting): Turns<string> {
  if (given.length <= TURN_BYTES) return scrubText(known, given, counts, false);
  const bytes = utf8Bytes(given);
  return masked(given, bytes, yield* findInTurns(known, bytes), counts);
}

/** What is to be masked in bytes that are there as a whole: the same as `findSecrets` finds where nothing is cut off. */
export function* findInTurns(known: KnownValues, bytes: Buffer): Turns<readonly Match[]> {
  if (bytes.length <= TURN_BYTES) return findSecrets(known, bytes, false);
  const finder = createSecretFinder(known, false);
  const ranges: Match[] = [];
  let from = 0;
  for (let to = TURN_BYTES; ; to += TURN_BYTES) {
    const ended = to >= bytes.length;
    const decided = finder.look(bytes.subarray(from, to), from, ended);
    for (const range of decided.ranges) ranges.push(range);
    if (ended) return ranges;
    from = decided.upTo;
    yield;
  }
}

function masked(given: string, bytes: Buffer, ranges: readonly Match[], counts: Counting): string {
  if (ranges.length === 0) return given;
  for (const { name } of ranges) addCount(counts, name);
  return maskBetween(bytes, 0, bytes.length, ranges);
}
