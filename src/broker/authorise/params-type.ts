import { isJsonObject, type JsonObject, type JsonValue } from '../../shared/json-value.ts';
import { PARAMS_TYPE_DEPTH, PARAMS_TYPE_SIZE } from './policy-limits.ts';

/** What a policy can know of a value that a schema admits. */
export type ValueType =
  | { readonly kind: 'boolean' | 'string' | 'integer' | 'number' }
  | { readonly kind: 'set'; readonly of: ValueType }
  | RecordType;

export interface RecordType {
  readonly kind: 'record';
  readonly members: ReadonlyMap<string, Member>;
}

export interface Member {
  readonly type: ValueType;
  /** Always there, and never null; any other one is reached by `has`. */
  readonly required: boolean;
}

interface Typed {
  readonly type: ValueType;
  readonly nullable: boolean;
}

/** Cedar keeps names that begin so to itself (`__entity`, `__cedar`). */
const RESERVED = /^__/;

/**
 * The type of a method's params for policies, from its JSON Schema (2020-12, within the rules of validate/lint.ts).
 * Keywords of one schema all hold, so that any one that tells the type is enough: `type` with one word beside `null`,
 * `enum` or `const` of one kind, `$ref`, `anyOf` or `oneOf` whose branches agree, a branch of `allOf`. A param whose type
 * none of them tells is left out, and a policy that looks at it is refused.
 */
export function paramsType(schema: JsonObject): RecordType {
  let size = 0;

  function typeOf(given: JsonValue | undefined, depth: number): Typed | null {
    size += 1;
    if (given === undefined || !isJsonObject(given)) return null;
    if (depth > PARAMS_TYPE_DEPTH || size > PARAMS_TYPE_SIZE) return null;
    return byWord(given, depth) ?? byValues(given) ?? byReference(given, depth) ?? byBranches(given, depth);
  }

  function byWord(node: JsonObject, depth: number): Typed | null {
    const words = [node['type']].flat();
    const [word, ...others] = words.filter((one) => one !== 'null');
    const type = others.length > 0 ? null : typeOfWord(word, node, depth);
    return type && { type, nullable: words.includes('null') };
  }

  function typeOfWord(word: JsonValue | undefined, node: JsonObject, depth: number): ValueType | null {
    if (word === 'boolean' || word === 'string' || word === 'integer' || word === 'number')
      return { kind: word };
    if (word === 'object') return { kind: 'record', members: membersOf(node, depth) };
    return word === 'array' ? setOf(node, depth) : null;
  }

  function setOf({ prefixItems = [], items }: JsonObject, depth: number): ValueType | null {
    const schemas = [prefixItems, items === undefined || items === false ? [] : items].flat();
    const element = agreed(schemas.map((one) => typeOf(one, depth + 1)));
    return element && { kind: 'set', of: element.type };
  }

  function membersOf({ properties = {}, required = [] }: JsonObject, depth: number): Map<string, Member> {
    const always = new Set([required].flat());
    const members = new Map<string, Member>();
    for (const [name, schema] of Object.entries(isJsonObject(properties) ? properties : {})) {
      const found = RESERVED.test(name) || !name.isWellFormed() ? null : typeOf(schema, depth + 1);
      if (found !== null)
        members.set(name, { type: found.type, required: always.has(name) && !found.nullable });
    }
    return members;
  }

  function byReference({ $ref }: JsonObject, depth: number): Typed | null {
    return typeof $ref === 'string' ? typeOf(pointedAt(schema, $ref), depth + 1) : null;
  }

  function byBranches({ anyOf, oneOf, allOf }: JsonObject, depth: number): Typed | null {
    const alternatives = [anyOf ?? oneOf ?? []].flat();
    const others = alternatives.filter((one) => !(isJsonObject(one) && one['type'] === 'null'));
    const typed = agreed(others.map((one) => typeOf(one, depth + 1)));
    if (typed !== null) return { ...typed, nullable: typed.nullable || others.length < alternatives.length };
    const branches = [allOf ?? []].flat().map((one) => typeOf(one, depth + 1));
    return branches.find((one) => one !== null) ?? null;
  }

  return { kind: 'record', members: membersOf(schema, 0) };
}

/** The one type that all of them have. */
function agreed(types: readonly (Typed | null)[]): Typed | null {
  const [first = null] = types;
  if (first === null) return null;
  const key = keyOf(first.type);
  if (types.some((one) => one === null || keyOf(one.type) !== key)) return null;
  return { type: first.type, nullable: types.some((one) => one?.nullable) };
}

function keyOf(type: ValueType): string {
  return JSON.stringify(type, (_name, value: unknown) =>
    value instanceof Map ? [...value].toSorted(([one], [other]) => (one < other ? -1 : 1)) : value,
  );
}

function byValues({ enum: words, const: only }: JsonObject): Typed | null {
  const values = [words ?? []].flat(1).concat(only === undefined ? [] : [only]);
  const kinds = new Set(values.filter((value) => value !== null).map(kindOf));
  const [kind] = kinds;
  if (kind === undefined || kind === null || kinds.size > 1) return null;
  return { type: { kind }, nullable: values.includes(null) };
}

function kindOf(value: JsonValue): 'boolean' | 'string' | 'integer' | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'integer' : null;
  return typeof value === 'boolean' || typeof value === 'string'
    ? (typeof value as 'boolean' | 'string')
    : null;
}

/** What a JSON pointer in a fragment points at (RFC 6901, section 6). */
function pointedAt(schema: JsonObject, reference: string): JsonValue | undefined {
  let at: JsonValue | undefined = schema;
  for (const step of decodeURIComponent(reference).split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (at === undefined || at === null || typeof at !== 'object' || !Object.hasOwn(at, name))
      return undefined;
    at = Object.entries(at).find(([key]) => key === name)?.[1];
  }
  return at;
}
