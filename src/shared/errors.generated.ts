// Generated from protocol/errors.json by scripts/generate-errors.ts. Change that file, then run it again.

/** The stable word of an error, `data.reason`. */
export type ErrorReason =
  | "parse-error"
  | "invalid-request"
  | "method-not-found"
  | "invalid-params"
  | "internal-error"
  | "forbidden"
  | "driver-failed"
  | "driver-bad-output"
  | "output-limit"
  | "resource-limit"
  | "driver-restarted"
  | "driver-unavailable"
  | "timeout"
  | "cancelled"
  | "driver-error"
  | "launch-refused"
  | "audit-unavailable"
  | "paused"
  | "outcome-unrecorded"
  | "overloaded"
  | "rate-limited"
  | "shutting-down"
  | "message-too-large"
  | "message-timeout"
  | "http-not-spoken"
  | "too-many-connections";

/** Code, message and retryable of each error. */
export const errorTable: Readonly<
  Record<ErrorReason, { readonly code: number; readonly message: string; readonly retryable: boolean }>
> = {
  "parse-error": { code: -32700, message: "Cannot read the message: it is not JSON that driverd accepts", retryable: false },
  "invalid-request": { code: -32600, message: "Cannot read the call: it is not a JSON-RPC 2.0 request", retryable: false },
  "method-not-found": { code: -32601, message: "Cannot call the method: it does not exist", retryable: false },
  "invalid-params": { code: -32602, message: "Cannot call the method: the params do not match its schema", retryable: false },
  "internal-error": { code: -32603, message: "Cannot complete the call: an error inside driverd", retryable: false },
  "forbidden": { code: -32001, message: "Cannot call the method: the policy does not permit it", retryable: false },
  "driver-failed": { code: -32010, message: "Cannot complete the call: the driver failed", retryable: false },
  "driver-bad-output": { code: -32011, message: "Cannot complete the call: the driver's answer is not valid", retryable: false },
  "output-limit": { code: -32012, message: "Cannot complete the call: the driver's output is over its limit", retryable: false },
  "resource-limit": { code: -32017, message: "Cannot complete the call: the driver met a limit on its resources", retryable: false },
  "driver-restarted": { code: -32018, message: "Cannot complete the call: the process of the driver that had it ended", retryable: true },
  "driver-unavailable": { code: -32019, message: "Cannot start the call: the driver is not there", retryable: true },
  "timeout": { code: -32013, message: "Cannot complete the call: the time limit was reached", retryable: true },
  "cancelled": { code: -32014, message: "Cannot complete the call: it was cancelled", retryable: true },
  "driver-error": { code: -32015, message: "The driver reported an error", retryable: false },
  "launch-refused": { code: -32016, message: "Cannot start the driver", retryable: true },
  "audit-unavailable": { code: -32020, message: "Cannot start the call: the audit log cannot be written", retryable: true },
  "paused": { code: -32025, message: "Cannot start the call: driverd is paused", retryable: true },
  "outcome-unrecorded": { code: -32024, message: "Cannot answer the call: it was run, and its outcome could not be recorded", retryable: false },
  "overloaded": { code: -32021, message: "Cannot accept the call: a limit on calls is reached", retryable: true },
  "rate-limited": { code: -32026, message: "Cannot accept the call: this method was called too often", retryable: true },
  "shutting-down": { code: -32022, message: "Cannot accept the call: the daemon is stopping", retryable: true },
  "message-too-large": { code: -32030, message: "Cannot read the message: it is over the size limit", retryable: false },
  "message-timeout": { code: -32031, message: "Cannot read the message: it did not arrive in time", retryable: true },
  "http-not-spoken": { code: -32032, message: "Cannot read the message: HTTP is not spoken on this socket", retryable: false },
  "too-many-connections": { code: -32033, message: "Cannot accept the connection: a limit on connections is reached", retryable: true },
};
