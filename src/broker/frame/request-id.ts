import type { JsonValue } from '../../shared/json-value.ts';

/** The id of a call, which its reply repeats (JSON-RPC 2.0 section 4). */
export type RequestId = string | number | null;

export const longestIdBytes = 256;

/**
 * Reads an id: a string of at most 256 bytes, an integer that a double keeps, or null. Section 4 of the specification
 * says that a number should have no fraction; here it must have none, since it is repeated to the caller exactly.
 *
 * @returns undefined if the value is no id
 */
export function readRequestId(value: JsonValue): RequestId | undefined {
  if (value === null) return null;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined;
  if (typeof value === 'string') return Buffer.byteLength(value) <= longestIdBytes ? value : undefined;
  return undefined;
}
