import { type ErrorReason, errorTable } from './errors.generated.ts';
import type { JsonObject } from './json-value.ts';

export { type ErrorReason, errorTable } from './errors.generated.ts';

/** The `error` member of a reply (JSON-RPC 2.0 section 5.1). */
export interface ErrorObject {
  readonly code: number;
  readonly message: string;
  readonly data: JsonObject & {
    readonly request_id: string;
    readonly reason: ErrorReason;
    readonly retryable: boolean;
  };
}

/**
 * Makes the error of a reply from the one table (protocol/errors.json). Its text is fixed: what happened in detail
 * belongs in the operational log, under the request id.
 *
 * @param requestId driverd's own id of the call or message
 * @param extra further members of `data`, already fit for the caller; it cannot replace the three of every error
 */
export function errorObject(reason: ErrorReason, requestId: string, extra: JsonObject = {}): ErrorObject {
  const { code, message, retryable } = errorTable[reason];
  const always = { request_id: requestId, reason, retryable };
  // First and last: its members come first and cannot be replaced.
  return { code, message, data: { ...always, ...extra, ...always } };
}
