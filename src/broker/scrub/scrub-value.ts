import { isJsonObject, type JsonObject, type JsonValue } from '../../shared/json-value.ts';
import type { LinesBeside } from './beside/lines-beside.ts';
import { findSecrets } from './find-secrets.ts';
import { hasKeyword } from './follow-lines.ts';
import type { KnownValues } from './known-values.ts';
import { markOf, maskBetween } from './mask.ts';
import { scrubStrings } from './scrub-list.ts';
import { addCount, type Counting, scrubLongText, scrubText } from './scrub-text.ts';
import { isPlaceholder, isSecretName } from './secret-name.ts';
import { TURN_BYTES, type Turns } from './turns.ts';

export const SECRET_MEMBER_RULE = 'secret-member';
/** A longer text is not looked at together with its name, in UTF-16 units: what is a secret by its name alone is shorter. */
const LONGEST_WITH_NAME = 8_192;
/** Most names of which it is kept that nothing stands in them. */
const MOST_NAMES = 4_096;
/** What a member or an item costs beside its bytes, in bytes that are scrubbed in the time. */
const BYTES_PER_ITEM = 64;

/** Pairs of members that are a name and its value: of an environment (Kubernetes), of headers, of tags. */
const PAIRS: readonly (readonly [name: string, value: string])[] = ['name', 'key', 'variable'].flatMap(
  (name) => [
    [name, 'value'],
    [`${name[0]?.toUpperCase()}${name.slice(1)}`, 'Value'],
  ],
);
/** Members of a Kubernetes `Secret` all of whose members are secrets. */
const SECRET_DATA: ReadonlySet<string> = new Set(['data', 'stringData']);

interface Walk {
  readonly known: KnownValues;
  readonly counts: Counting;
  readonly beside: LinesBeside | null;
  /** Names that may stay. */
  readonly names: Map<string, NameKind>;
  /** Bytes in this turn. */
  spent: number;
}

/** What a name says of the value behind it: that it is a secret, that a rule may know, nothing. */
type NameKind = 'secret' | 'telling' | 'plain';

/**
 * Scrubs strings, numbers and names of members: as a text of its own each, and once more with its name before it, since
 * many rules want one. A number that is masked becomes a string; all else keeps its type.
 * @param beside looks at the lines of long texts
 */
export function* scrubValue(
  known: KnownValues,
  given: JsonValue,
  counts: Counting,
  beside: LinesBeside | null,
): Turns<JsonValue> {
  return yield* walkValue({ known, counts, beside, names: new Map(), spent: 0 }, given, null);
}

/** Scrubs each name in a JSON pointer (RFC 6901): a driver may have chosen them. */
export function scrubPointer(known: KnownValues, pointer: string, counts: Counting): string {
  return pointer
    .split('/')
    .map((escaped) => scrubText(known, escaped.replaceAll('~1', '/').replaceAll('~0', '~'), counts, false))
    .map((name) => name.replaceAll('~', '~0').replaceAll('/', '~1'))
    .join('/');
}

/** @param name says what the value is; null: nothing does */
function* walkValue(walk: Walk, given: JsonValue, name: string | null): Turns<JsonValue> {
  if (typeof given === 'string' || typeof given === 'number') return yield* walkScalar(walk, given, name);
  if (typeof given !== 'object' || given === null) return given;
  if (isJsonObject(given)) return yield* walkObject(walk, given, false);
  // What is a secret by its name is one in each item.
  const itemName = name !== null && kindOf(walk, name) === 'secret' ? name : null;
  if (itemName === null && given.length > 1 && given.every((item) => typeof item === 'string')) {
    yield* takeTurns(walk, given.length * BYTES_PER_ITEM);
    return yield* scrubStrings(walk.known, given, walk.counts, walk.beside);
  }
  const items: JsonValue[] = [];
  for (const item of given) items.push(yield* walkValue(walk, item, itemName));
  return items;
}

/** @param isSecret whether all of its members are secrets */
function* walkObject(walk: Walk, given: JsonObject, isSecret: boolean): Turns<JsonObject> {
  const scrubbed: Record<string, JsonValue> = Object.create(null);
  const told = pairIn(given);
  const taken = new Map<string, number>();
  const isSecretObject = given['kind'] === 'Secret';
  for (const [name, member] of Object.entries(given)) {
    const kind = kindOf(walk, name);
    const free = freeName(
      scrubbed,
      taken,
      kind === null ? scrubText(walk.known, name, walk.counts, false) : name,
    );
    const meaning = told?.value === name ? told.name : name;
    if (isSecretObject && SECRET_DATA.has(name) && isJsonObject(member))
      scrubbed[free] = yield* walkObject(walk, member, true);
    else if (isSecret && isScalar(member) && !isException(walk, member))
      scrubbed[free] = maskMember(walk, member);
    else scrubbed[free] = yield* walkValue(walk, member, meaning);
  }
  return scrubbed;
}

function* walkScalar(walk: Walk, given: string | number, name: string | null): Turns<JsonValue> {
  const text = String(given);
  const kind = name === null ? 'plain' : (kindOf(walk, name) ?? 'telling');
  if (kind === 'secret' && !isException(walk, given)) return maskMember(walk, given);
  yield* takeTurns(walk, text.length + BYTES_PER_ITEM);
  const alone =
    typeof given === 'number'
      ? scrubNumber(walk, given)
      : yield* scrubLongText(walk.known, given, walk.counts, walk.beside);
  if (name === null || kind !== 'telling' || text.length > LONGEST_WITH_NAME) return alone;
  return typeof alone === 'number'
    ? behindName(walk, name, alone, '')
    : behindName(walk, name, `${alone}`, '"');
}

/** What the rules find in it where it stands behind its name, as in the JSON text. */
function behindName(
  { known, counts }: Walk,
  name: string,
  given: string | number,
  quote: '"' | '',
): string | number {
  const before = Buffer.from(`"${name}":${quote}`);
  const value = Buffer.from(String(given));
  const bytes = Buffer.concat([before, value, Buffer.from(quote)]);
  const [from, to] = [before.length, before.length + value.length];
  const ranges = findSecrets(known, bytes, false)
    .filter(({ start, end }) => end > from && start < to)
    .map((range) => ({ ...range, start: Math.max(from, range.start), end: Math.min(to, range.end) }));
  if (ranges.length === 0) return given;
  for (const { name } of ranges) addCount(counts, name);
  return maskBetween(bytes, from, to, ranges);
}

/** Whether an admin has the rule leave it. */
function isException({ known: { rules } }: Walk, given: string | number): boolean {
  return rules?.isAllowed(SECRET_MEMBER_RULE, Buffer.from(String(given)).toString('latin1')) === true;
}

function maskMember({ counts }: Walk, given: string | number): string {
  if (typeof given === 'string' && isPlaceholder(given)) return given;
  addCount(counts, SECRET_MEMBER_RULE);
  return markOf(SECRET_MEMBER_RULE);
}

function scrubNumber({ known, counts }: Walk, given: number): JsonValue {
  const text = String(given);
  // One that begins as a known value does is not that value, cut off.
  const scrubbed = scrubText(known, text, counts, false);
  return scrubbed === text ? given : scrubbed;
}

/** What a name says; null where it has to be masked itself. */
function kindOf({ known, names }: Walk, name: string): NameKind | null {
  const kept = names.get(name);
  if (kept !== undefined) return kept;
  if (findSecrets(known, Buffer.from(name), false).length > 0) return null;
  // Of some keywords the sign behind a name is a part.
  const before = Buffer.from(`"${name}":"`);
  const isTelling = hasKeyword(before) || known.rules?.hasKeyword(before) === true;
  const kind = isSecretName(name) ? 'secret' : isTelling ? 'telling' : 'plain';
  if (names.size < MOST_NAMES) names.set(name, kind);
  return kind;
}

/** Several names may become the same mark: the later ones are numbered, so that no member is lost. */
function freeName(members: JsonObject, taken: Map<string, number>, name: string): string {
  if (!(name in members)) return name;
  let number = taken.get(name) ?? 1;
  do number += 1;
  while (`${name} ${number}` in members);
  taken.set(name, number);
  return `${name} ${number}`;
}

function pairIn(given: JsonObject): { readonly name: string; readonly value: string } | null {
  for (const [nameMember, value] of PAIRS) {
    const name = given[nameMember];
    if (typeof name === 'string' && isScalar(given[value])) return { name, value };
  }
  return null;
}

function isScalar(value: JsonValue | undefined): value is string | number {
  return typeof value === 'number' || typeof value === 'string';
}

function* takeTurns(walk: Walk, bytes: number): Turns<void> {
  walk.spent += bytes;
  if (walk.spent < TURN_BYTES) return;
  walk.spent = 0;
  yield;
}
