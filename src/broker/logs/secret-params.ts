import { isJsonObject, type JsonObject, type JsonValue } from '../../shared/json-value.ts';
import type { KnownSecret } from '../scrub/scrubber.ts';

/** Stands in the marks. */
const NAME = 'secret-param';
/** Shorter ones cannot be told from ordinary text, in bytes. */
const SHORTEST_BYTES = 4;
/** Most bytes and values of one call that are looked for. */
const MOST_BYTES = 65_536;
const MOST_VALUES = 256;

/**
 * The params that a method's schema marks as `secret`, or a part of them. A mark that stands outside of `properties`
 * (in a definition, an alternative) may be any param's: then all count.
 */
export function secretParamNames(paramsSchema: JsonObject): readonly string[] {
  const { properties, ...rest } = paramsSchema;
  const params = isJsonObject(properties) ? properties : {};
  const all = marksSecret(rest);
  return Object.keys(params).filter((name) => all || marksSecret(params[name] ?? null));
}

function marksSecret(schema: JsonValue): boolean {
  if (typeof schema !== 'object' || schema === null) return false;
  if (isJsonObject(schema) && schema['secret'] === true) return true;
  return Object.values(schema).some(marksSecret);
}

/**
 * What to look for in what a driver says while it has these params: it may print what it was called with, and logs are
 * read by others than its caller.
 * @returns null where that is too much to be looked for
 */
export function secretValues(names: readonly string[], params: JsonObject): readonly KnownSecret[] | null {
  const values = names.flatMap((name) => scalars(params[name] ?? null)).map((text) => Buffer.from(text));
  const long = values.filter((value) => value.toString().trim().length >= SHORTEST_BYTES);
  const bytes = long.reduce((sum, { length }) => sum + length, 0);
  if (bytes > MOST_BYTES || long.length > MOST_VALUES) return null;
  return long.map((value) => ({ name: NAME, value }));
}

function scalars(value: JsonValue): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(scalars) : [];
}
