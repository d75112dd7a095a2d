import { isJsonObject, type JsonObject, type JsonValue } from './json-value.ts';
import type { Params } from './serve.ts';

/** The first request of a persistent driver, and one that comes now and then: any answer shows that it works. */
export const PING = 'rpc.ping';

export interface Request {
  readonly id: JsonValue;
  readonly method: string;
  readonly params: Params;
  readonly wantsProgress: boolean;
}

/** Null: the line is none. */
export function readRequest(line: string): Request | null {
  const value = readObject(line);
  if (value === null || typeof value['method'] !== 'string' || value['id'] === undefined) return null;
  const { id, method, params = {}, _meta } = value;
  if (!isJsonObject(params)) return null;
  // Without a prototype, so that a param nobody sent is undefined whatever its name.
  const named: Record<string, JsonValue> = Object.assign(Object.create(null), params);
  return { id, method, params: named, wantsProgress: isJsonObject(_meta) && _meta['progress'] === true };
}

export function readObject(line: string): JsonObject | null {
  try {
    const value: JsonValue = JSON.parse(line);
    return isJsonObject(value) ? value : null;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return null;
  }
}
