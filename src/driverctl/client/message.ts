import { isJsonObject, type JsonObject, type JsonValue } from '../../shared/json-value.ts';
import type { DaemonError } from '../failure.ts';

/** A daemon's reply; `meta` is what was applied, where the request asked for it. */
export type Reply =
  | { readonly kind: 'result'; readonly id: number; readonly result: JsonValue; readonly meta: JsonObject }
  | { readonly kind: 'error'; readonly id: number | null; readonly error: DaemonError };

export interface Notification {
  readonly kind: 'notification';
  readonly method: string;
  readonly params: JsonObject;
}

const nothing: JsonObject = Object.freeze(Object.create(null) as JsonObject);

/**
 * Reads one message of the daemon (JSON-RPC 2.0, sections 4.1 and 5). Throws `TypeError` with what is wrong with it.
 */
export function readMessage(value: JsonValue): Reply | Notification {
  if (!isJsonObject(value)) throw new TypeError('a message is no object');
  if (value['jsonrpc'] !== '2.0') throw new TypeError('a message is not JSON-RPC 2.0');
  const { id, method, result, error } = value;
  if (method !== undefined) return readNotification(value);
  if ((result === undefined) === (error === undefined)) {
    throw new TypeError('a reply has not exactly one of result and error');
  }
  if (error !== undefined) {
    if (id !== null && typeof id !== 'number') throw new TypeError('the id of a reply is no number');
    return { kind: 'error', id, error: readError(error) };
  }
  if (typeof id !== 'number' || result === undefined) throw new TypeError('the id of a reply is no number');
  return { kind: 'result', id, result, meta: isJsonObject(value['_meta']) ? value['_meta'] : nothing };
}

function readNotification(value: JsonObject): Notification {
  const { id, method, params = nothing } = value;
  if (id !== undefined) throw new TypeError('the server sent a request');
  if (typeof method !== 'string' || !isJsonObject(params)) throw new TypeError('a notification is malformed');
  return { kind: 'notification', method, params };
}

function readError(value: JsonValue): DaemonError {
  if (!isJsonObject(value)) throw new TypeError('an error is no object');
  const { code, message, data } = value;
  if (typeof code !== 'number' || !Number.isInteger(code) || typeof message !== 'string') {
    throw new TypeError('an error has no code or no message');
  }
  return { code, message, data: isJsonObject(data) ? data : nothing };
}
