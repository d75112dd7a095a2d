import { utf8Bytes } from '../../shared/utf8.ts';
import type { LinesBeside } from './beside/lines-beside.ts';
import type { KnownValues } from './known-values.ts';
import { markOf, maskBetween } from './mask.ts';
import type { Match } from './match.ts';
import { addCount, type Counting, findInTurns } from './scrub-text.ts';
import { isPlaceholder, isSecretName } from './secret-name.ts';
import type { Turns } from './turns.ts';

/** An option of a command whose value is the next argument. */
const OPTION = /^--?([A-Za-z][\w.-]{0,63})$/;
export const SECRET_ARGUMENT_RULE = 'secret-argument';

/**
 * Scrubs the lines of one text, or the arguments of a command. They are one text for the rules, since a key block goes
 * over several of them; what does is marked in each of them, and counted once.
 */
export function* scrubStrings(
  known: KnownValues,
  strings: readonly string[],
  counts: Counting,
  beside: LinesBeside | null,
): Turns<readonly string[]> {
  const { bytes, ranges } = yield* findInTurns(known, () => utf8Bytes(strings.join('\n')), beside);
  const scrubbed = ranges.length === 0 ? strings : maskEach(strings, bytes, ranges, counts);
  return strings.some(isSecretOption) ? maskArguments(scrubbed, counts) : scrubbed;
}

function maskEach(
  strings: readonly string[],
  bytes: Buffer,
  ranges: readonly Match[],
  counts: Counting,
): readonly string[] {
  for (const { name } of ranges) addCount(counts, name);
  let from = 0;
  let next = 0;
  return strings.map((line) => {
    const to = from + Buffer.byteLength(line);
    const own: Match[] = [];
    for (let range = ranges[next]; range !== undefined && range.start < to; range = ranges[next]) {
      if (range.end > from) own.push(range);
      // One that goes on is looked at again for the next line.
      if (range.end > to) break;
      next += 1;
    }
    const scrubbed = own.length === 0 ? line : maskBetween(bytes, from, to, own);
    from = to + 1;
    return scrubbed;
  });
}

function maskArguments(strings: readonly string[], counts: Counting): readonly string[] {
  return strings.map((given, at) => {
    if (!isSecretOption(strings[at - 1] ?? '') || given.startsWith('-') || isPlaceholder(given)) return given;
    addCount(counts, SECRET_ARGUMENT_RULE);
    return markOf(SECRET_ARGUMENT_RULE);
  });
}

function isSecretOption(text: string): boolean {
  const name = OPTION.exec(text)?.[1];
  return name !== undefined && isSecretName(name);
}
