import type { CedarValueJson } from '@cedar-policy/cedar-wasm/nodejs';
import type { Caller } from '../../shared/caller.ts';
import type { JsonObject, JsonValue } from '../../shared/json-value.ts';
import { type Circumstances, circumstance } from './circumstances.ts';
import type { RecordType, ValueType } from './params-type.ts';
import type { Looked } from './shown.ts';

/** Thrown inside this file only, and turned into null by its one public function. */
class NotForCedar extends Error {}

function recordFor({ members }: RecordType, value: JsonObject): Record<string, CedarValueJson> {
  const record: Record<string, CedarValueJson> = Object.create(null);
  for (const [name, { type, required }] of members) {
    const given = Object.hasOwn(value, name) ? value[name] : undefined;
    if (given !== undefined && given !== null) record[name] = convert(type, given);
    else if (required) throw new NotForCedar();
  }
  return record;
}

function convert(type: ValueType, value: Exclude<JsonValue, null>): CedarValueJson {
  if (type.kind === 'set') {
    if (!isArray(value)) throw new NotForCedar();
    return value.filter((element) => element !== null).map((element) => convert(type.of, element));
  }
  if (type.kind === 'record') {
    if (typeof value !== 'object' || isArray(value)) throw new NotForCedar();
    return recordFor(type, value);
  }
  if (typeof value === 'boolean' && type.kind === 'boolean') return value;
  if (typeof value === 'number' && type.kind === 'number') return String(value);
  if (typeof value === 'number' && type.kind === 'integer' && Number.isSafeInteger(value)) return value;
  // Cedar reads UTF-8, which has no lone surrogates: the policy would judge another string than the driver gets.
  if (typeof value === 'string' && type.kind === 'string' && value.isWellFormed()) return value;
  throw new NotForCedar();
}

/** After all were converted: whether a call can be judged does not depend on which params a policy looks at. */
function withOnly(
  names: ReadonlySet<string> | null,
  record: Record<string, CedarValueJson>,
): Record<string, CedarValueJson> {
  if (names === null) return record;
  const only: Record<string, CedarValueJson> = Object.create(null);
  for (const name of names) {
    const value = record[name];
    if (value !== undefined) only[name] = value;
  }
  return only;
}

/** `Array.isArray` does not narrow readonly arrays (TypeScript issue 17002). */
function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/**
 * What policies see of a call: of its circumstances, and of its params in `context.params` what the method's type knows.
 * Cedar has neither null nor fractions, and its arrays are sets:
 *
 * - a member or element that is null is left out (`context.params has x` is then false);
 * - a `number` is always the string that JavaScript prints for it: 1.5 is "1.5", 2 is "2", 1e21 is "1e+21";
 * - everything else is itself.
 *
 * @param looked what is looked at; the rest is left out
 * @returns the context, or null if the params cannot be shown to a policy and the call is therefore denied: a string that
 *   is not well-formed Unicode, an `integer` beyond ±(2^53-1), where JSON's doubles are no longer exact, or a value that
 *   is not of its type
 */
export function contextFor(
  looked: Pick<Looked, 'context' | 'params'>,
  type: RecordType,
  params: JsonObject,
  caller: Caller,
  circumstances: Circumstances,
): Record<string, CedarValueJson> | null {
  const context: Record<string, CedarValueJson> = Object.create(null);
  try {
    for (const name of looked.context) {
      const member =
        name === 'params'
          ? withOnly(looked.params, recordFor(type, params))
          : circumstance(name, caller, circumstances);
      if (member !== undefined) context[name] = member;
    }
    return context;
  } catch (error) {
    if (error instanceof NotForCedar) return null;
    throw error;
  }
}
