import type { JsonValue } from '../../shared/json-value.ts';
import { findSecrets } from './find-secrets.ts';
import { formsOf, type KnownSecret } from './forms.ts';
import { indexKnownValues, type KnownValues } from './known-values.ts';
import { markOf, maskBetween } from './mask.ts';
import type { Match } from './match.ts';
import { createScrubStream, type ScrubCounts, type ScrubStream } from './stream.ts';

export type { KnownSecret } from './forms.ts';
export type { ScrubCounts, ScrubStream } from './stream.ts';

/** No driver byte reaches a caller or a log before this has seen it (invariant 10). */
export interface Scrubber {
  stream(): ScrubStream;
  text(text: string): { readonly text: string; readonly counts: ScrubCounts };
  /** Strings, numbers and names of members; the structure survives. */
  value(value: JsonValue): { readonly value: JsonValue; readonly counts: ScrubCounts };
}

/** A member of this name is a secret, whatever stands in it. */
const SECRET_MEMBER =
  /(?:^|[_-])(?:password|passwd|passphrase|secret|token|api[_-]?key|private[_-]?key|access[_-]?key)$/i;
const SECRET_MEMBER_RULE = 'secret-member';
const SECRET_MEMBER_MARK = markOf(SECRET_MEMBER_RULE);
/** Nothing is found in a shorter text: it is not worth a look. */
const SHORTEST_SECRET = 4;

/** @throws Error where a known value is too short to be told from ordinary text */
export function createScrubber(known: readonly KnownSecret[]): Scrubber {
  return createScrubberOf(indexKnownValues(known.flatMap(formsOf)));
}

/** A scrubber with an index that was built before. */
export function createScrubberOf(known: KnownValues): Scrubber {
  return {
    stream: () => createScrubStream(known),
    text(given) {
      const counts = new Map<string, number>();
      return { text: scrubText(known, given, counts), counts };
    },
    value(given) {
      const counts = new Map<string, number>();
      return { value: scrubValue(known, given, counts), counts };
    },
  };
}

type Counts = Map<string, number>;

function add(counts: Counts, rule: string): void {
  counts.set(rule, (counts.get(rule) ?? 0) + 1);
}

function scrubText(known: KnownValues, given: string, counts: Counts): string {
  if (given.length < SHORTEST_SECRET) return given;
  const bytes = Buffer.from(given);
  const ranges = findSecrets(known, bytes);
  if (ranges.length === 0) return given;
  for (const { name } of ranges) add(counts, name);
  return maskBetween(bytes, 0, bytes.length, ranges);
}

function scrubValue(known: KnownValues, given: JsonValue, counts: Counts): JsonValue {
  if (typeof given === 'string') return scrubText(known, given, counts);
  if (typeof given !== 'object' || given === null) return given;
  if (Array.isArray(given)) return scrubList(known, given, counts);
  const scrubbed: Record<string, JsonValue> = Object.create(null);
  for (const [name, member] of Object.entries(given)) {
    const isSecret = typeof member === 'string' && member !== '' && SECRET_MEMBER.test(name);
    if (isSecret && member !== SECRET_MEMBER_MARK) add(counts, SECRET_MEMBER_RULE);
    scrubbed[scrubText(known, name, counts)] = isSecret
      ? SECRET_MEMBER_MARK
      : scrubValue(known, member, counts);
  }
  return scrubbed;
}

/** Lines of one text are scrubbed as that text, since a key block goes over several of them. */
function scrubList(known: KnownValues, given: readonly JsonValue[], counts: Counts): JsonValue {
  if (given.length > 1 && given.every((item) => typeof item === 'string'))
    return scrubLines(known, given, counts);
  return given.map((item) => scrubValue(known, item, counts));
}

/** What goes over several lines is marked in each of them, and counted once. */
function scrubLines(known: KnownValues, lines: readonly string[], counts: Counts): JsonValue {
  const bytes = Buffer.from(lines.join('\n'));
  const ranges = findSecrets(known, bytes);
  if (ranges.length === 0) return [...lines];
  for (const { name } of ranges) add(counts, name);
  let from = 0;
  let first = 0;
  return lines.map((line) => {
    const to = from + Buffer.byteLength(line);
    while ((ranges[first]?.end ?? from + 1) <= from) first += 1;
    const own: Match[] = [];
    for (let at = first; (ranges[at]?.start ?? to) < to; at += 1) {
      const range = ranges[at];
      if (range !== undefined) own.push(range);
    }
    const scrubbed = own.length === 0 ? line : maskBetween(bytes, from, to, own);
    from = to + 1;
    return scrubbed;
  });
}
