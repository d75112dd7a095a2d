import type { JsonObject, JsonValue } from './json-value.ts';

/**
 * Params by position as params by name: one value to judge and to hash.
 * @param names of the manifest, in their order
 * @returns null where there are more params than names
 */
export function namedByPosition(names: readonly string[], params: readonly JsonValue[]): JsonObject | null {
  if (params.length > names.length) return null;
  const named: Record<string, JsonValue> = Object.create(null);
  params.forEach((value, index) => {
    const name = names[index];
    if (name !== undefined) named[name] = value;
  });
  return named;
}
