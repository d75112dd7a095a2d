import { declaredErrorObject } from './declared-error.ts';
import type { JsonObject } from './json-value.ts';
import type { Request } from './request.ts';
import type { Call, Handler } from './serve.ts';

/** Codes and texts of JSON-RPC 2.0, section 5.1. */
export const INVALID_REQUEST = { code: -32_600, message: 'Invalid Request' };
export const METHOD_NOT_FOUND = { code: -32_601, message: 'Method not found' };
export const INTERNAL_ERROR = { code: -32_603, message: 'Internal error' };

/** `result` or `error` of a response. */
export async function answer(handler: Handler, request: Request, call: Call): Promise<JsonObject> {
  try {
    return { result: (await handler(request.params, call)) ?? null };
  } catch (thrown) {
    const declared = declaredErrorObject(thrown);
    if (declared !== null) return { error: declared };
    console.error(thrown);
    return { error: INTERNAL_ERROR };
  }
}
