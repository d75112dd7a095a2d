import type { JsonObject, JsonValue } from './json-value.ts';

/** The code of a declared error on the driver's side; the broker gives callers its own (protocol/driver-protocol.md). */
const DECLARED_ERROR_CODE = -32_000;

interface Declaration {
  readonly word: string;
  readonly details: JsonValue | undefined;
}

/** What `declaredError` made: an error is known by being in here, not by how it looks. */
const declarations = new WeakMap<Error, Declaration>();

/**
 * Makes an error that the manifest declares; thrown out of a handler, it reaches the caller with the manifest's message.
 * @param word its name below `errors` of the method, for example "not_found"
 * @param details what the manifest's `data` schema describes; leave it out where the manifest has none
 */
export function declaredError(word: string, details?: JsonValue): Error {
  const error = new Error(`Cannot do it: ${word}`);
  declarations.set(error, { word, details });
  return error;
}

/** The JSON-RPC error object (section 5.1) of a declared error, or null for any other value. */
export function declaredErrorObject(thrown: unknown): JsonObject | null {
  const declaration = thrown instanceof Error ? declarations.get(thrown) : undefined;
  if (!(thrown instanceof Error) || declaration === undefined) return null;
  const { word, details } = declaration;
  const data = details === undefined ? { error: word } : { error: word, details };
  return { code: DECLARED_ERROR_CODE, message: thrown.message, data };
}
