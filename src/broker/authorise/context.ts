import type { CedarValueJson } from '@cedar-policy/cedar-wasm/nodejs';
import type { JsonObject, JsonValue } from '../../shared/json-value.ts';
import { PARAMS_DEPTH } from './policy-limits.ts';

/**
 * Keys by which Cedar's JSON form writes entities and extension values
 * (https://docs.cedarpolicy.com/auth/entities-syntax.html). A caller who could send them would name users and groups.
 */
const CEDAR_ESCAPES: ReadonlySet<string> = new Set(['__entity', '__extn', '__expr']);

/** Thrown inside this file only, and turned into null by its one public function. */
class NotForCedar extends Error {}

function text(value: string): string {
  // Cedar reads UTF-8, which has no lone surrogates: the policy would judge another string than the driver gets.
  if (!value.isWellFormed()) throw new NotForCedar();
  return value;
}

function convertObject(params: JsonObject, depth: number): Record<string, CedarValueJson> {
  if (depth > PARAMS_DEPTH) throw new NotForCedar();
  const record: Record<string, CedarValueJson> = Object.create(null);
  for (const [key, value] of Object.entries(params)) {
    if (CEDAR_ESCAPES.has(key)) throw new NotForCedar();
    if (value !== null) record[text(key)] = convert(value, depth);
  }
  return record;
}

function convert(value: Exclude<JsonValue, null>, depth: number): CedarValueJson {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') return text(value);
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : String(value);
  if (!isArray(value)) return convertObject(value, depth + 1);
  if (depth + 1 > PARAMS_DEPTH) throw new NotForCedar();
  return value.filter((element) => element !== null).map((element) => convert(element, depth + 1));
}

/** `Array.isArray` does not narrow readonly arrays (TypeScript issue 17002). */
function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/**
 * Params as policies see them, in `context.params`. Cedar has neither null nor fractions, and its arrays are sets:
 *
 * - a member or element that is null is left out (`context.params has x` is then false);
 * - a number that is not an integer, or an integer beyond ±(2^53-1), where JSON's doubles are no longer exact, is the
 *   string that JavaScript prints for it: 1.5 is "1.5", 1e21 is "1e+21";
 * - everything else is itself.
 *
 * @returns the context, or null if the params cannot be shown to a policy and the call is therefore denied: a key that
 *   is one of Cedar's own escapes (`__entity`, `__extn`, `__expr`) at any depth, a string that is not well-formed
 *   Unicode, or nesting deeper than PARAMS_DEPTH
 */
export function paramsContext(params: JsonObject): Record<string, CedarValueJson> | null {
  try {
    return { params: convertObject(params, 1) };
  } catch (error) {
    if (error instanceof NotForCedar) return null;
    throw error;
  }
}
