import type { JsonValue } from '../../shared/json-value.ts';
import { findSecrets } from './find-secrets.ts';
import type { KnownValues } from './known-values.ts';
import { markOf, maskBetween } from './mask.ts';
import type { Match } from './match.ts';

/** A member of this name is a secret, whatever stands in it. */
const SECRET_MEMBER =
  /(?:^|[_-])(?:password|passwd|passphrase|secret|token|api[_-]?key|private[_-]?key|access[_-]?key)$/i;
const SECRET_MEMBER_RULE = 'secret-member';
const SECRET_MEMBER_MARK = markOf(SECRET_MEMBER_RULE);
/** Nothing is found in a shorter text: it is not worth a look. */
const SHORTEST_SECRET = 4;

/** How often each rule applied; the functions of this file add to it. */
export type Counting = Map<string, number>;

export function scrubText(known: KnownValues, given: string, counts: Counting): string {
  if (given.length < SHORTEST_SECRET) return given;
  const bytes = Buffer.from(given);
  const ranges = findSecrets(known, bytes);
  if (ranges.length === 0) return given;
  for (const { name } of ranges) add(counts, name);
  return maskBetween(bytes, 0, bytes.length, ranges);
}

/** Scrubs strings, numbers and names of members. A number that is masked becomes a string; all else keeps its type. */
export function scrubValue(known: KnownValues, given: JsonValue, counts: Counting): JsonValue {
  if (typeof given === 'string') return scrubText(known, given, counts);
  if (typeof given === 'number') return scrubNumber(known, given, counts);
  if (typeof given !== 'object' || given === null) return given;
  if (Array.isArray(given)) return scrubList(known, given, counts);
  const scrubbed: Record<string, JsonValue> = Object.create(null);
  for (const [name, member] of Object.entries(given)) {
    const isSecret = isScalar(member) && SECRET_MEMBER.test(name);
    if (isSecret && member !== SECRET_MEMBER_MARK) add(counts, SECRET_MEMBER_RULE);
    scrubbed[scrubText(known, name, counts)] = isSecret
      ? SECRET_MEMBER_MARK
      : scrubValue(known, member, counts);
  }
  return scrubbed;
}

/** Scrubs each name in a JSON pointer (RFC 6901): a driver may have chosen them. */
export function scrubPointer(known: KnownValues, pointer: string, counts: Counting): string {
  return pointer
    .split('/')
    .map((escaped) => scrubText(known, escaped.replaceAll('~1', '/').replaceAll('~0', '~'), counts))
    .map((name) => name.replaceAll('~', '~0').replaceAll('/', '~1'))
    .join('/');
}

function add(counts: Counting, rule: string): void {
  counts.set(rule, (counts.get(rule) ?? 0) + 1);
}

function isScalar(value: JsonValue): boolean {
  return typeof value === 'number' || (typeof value === 'string' && value !== '');
}

/** Only a known value can be a number: every rule wants letters. */
function scrubNumber(known: KnownValues, given: number, counts: Counting): JsonValue {
  if (known.longest === 0) return given;
  const text = String(given);
  const scrubbed = scrubText(known, text, counts);
  return scrubbed === text ? given : scrubbed;
}

/** Lines of one text are scrubbed as that text, since a key block goes over several of them. */
function scrubList(known: KnownValues, given: readonly JsonValue[], counts: Counting): JsonValue {
  if (given.length > 1 && given.every((item) => typeof item === 'string'))
    return scrubLines(known, given, counts);
  return given.map((item) => scrubValue(known, item, counts));
}

/** What goes over several lines is marked in each of them, and counted once. */
function scrubLines(known: KnownValues, lines: readonly string[], counts: Counting): JsonValue {
  const bytes = Buffer.from(lines.join('\n'));
  const ranges = findSecrets(known, bytes);
  if (ranges.length === 0) return lines;
  for (const { name } of ranges) add(counts, name);
  let from = 0;
  let next = 0;
  return lines.map((line) => {
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
