import { isJsonObject, type JsonObject, type JsonValue } from '../json-value.ts';

/**
 * Writes a value in the JSON Canonicalization Scheme (RFC 8785): no white space (section 3.2.1), literals, strings
 * and numbers as ECMAScript writes them (3.2.2), members sorted by the UTF-16 code units of their names (3.2.3).
 * The UTF-8 bytes of the result (3.2.4) are what is hashed. Only own members are read.
 *
 * @param value a value that `parseJson` has read; its depth limit bounds the recursion
 * @throws TypeError for a number that is not finite (section 3.2.2.3) or a lone surrogate (3.2.2.2), neither of which
 *   `parseJson` lets through
 */
export function canonicalJson(value: JsonValue): string {
  if (typeof value === 'string') return canonicalString(value);
  if (typeof value === 'number') return canonicalNumber(value);
  if (Array.isArray(value)) return canonicalArray(value);
  return isJsonObject(value) ? canonicalObject(value) : String(value);
}

function canonicalString(value: string): string {
  if (!value.isWellFormed())
    throw new TypeError('Cannot write canonical JSON: a string has a lone surrogate');
  return JSON.stringify(value);
}

function canonicalNumber(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError('Cannot write canonical JSON: a number is not finite');
  return String(value);
}

function canonicalArray(items: readonly JsonValue[]): string {
  return `[${items.map(canonicalJson).join(',')}]`;
}

function canonicalObject(object: JsonObject): string {
  // Without a comparator, sort compares UTF-16 code units (ECMA-262, Array.prototype.sort).
  const names = Object.keys(object).sort();
  return `{${names.map((name) => `${canonicalString(name)}:${canonicalJson(object[name] ?? null)}`).join(',')}}`;
}
