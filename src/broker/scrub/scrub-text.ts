import { utf8Bytes } from '../../shared/utf8.ts';
import { tellLineMatches } from './beside/line-matches.ts';
import type { FoundLines, LinesAnswer, LinesBeside } from './beside/lines-beside.ts';
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
  const { bytes, ranges } = yield* findInTurns(known, () => utf8Bytes(given), beside);
  return masked(given, bytes, ranges, counts);
}

/**
 * What is to be masked in bytes that are there as a whole: the same as `findSecrets` finds where nothing is cut off.
 * @param make makes the bytes; once more, where who looked at them beside lost them
 * @param beside looks at the lines of long ones
 */
export function* findInTurns(
  known: KnownValues,
  make: () => Buffer,
  beside: LinesBeside | null,
): Turns<{ readonly bytes: Buffer; readonly ranges: readonly Match[] }> {
  const given = make();
  if (given.length <= TURN_BYTES) return { bytes: given, ranges: findSecrets(known, given, false) };
  // What a configuration's exceptions leave has others looked for in its place.
  const isHere = beside === null || known.rules !== undefined;
  const looked = isHere ? null : yield* lookBeside(given, make, beside);
  const { bytes, matches } = looked ?? { bytes: given, matches: null };
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

/** Null: they are to be looked at here, as they are. */
function* lookBeside(given: Buffer, make: () => Buffer, beside: LinesBeside): Turns<FoundLines | null> {
  const looking = beside.find(given);
  if (looking === null) return null;
  const answers: LinesAnswer[] = [];
  yield looking.then((answer) => void answers.push(answer));
  const [answer] = answers;
  return answer === undefined || answer === 'lost' ? { bytes: make(), matches: null } : answer;
}

function masked(given: string, bytes: Buffer, ranges: readonly Match[], counts: Counting): string {
  if (ranges.length === 0) return given;
  for (const { name } of ranges) addCount(counts, name);
  return maskBetween(bytes, 0, bytes.length, ranges);
}
