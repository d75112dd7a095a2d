/** How a call ended: one word in every record that ends one, whoever says so. */
export const END_REASONS = [
  /** It has a result. */
  'ok',
  /** The policy does not permit it, or there is no such method. */
  'denied',
  /** The message, its method or its params were not valid. */
  'invalid',
  /** The driver told of an error that its manifest declares, or params could not become its arguments. */
  'driver-error',
  'timeout',
  'cancelled',
  /** The caller had gone. */
  'disconnected',
  'output-limit',
  /** The driver met its limit of memory. */
  'memory',
  /** The driver met its limit of processes. */
  'processes',
  /** The driver ended without an answer. */
  'crashed',
  'bad-output',
  'launch-refused',
  /** A limit on calls, launches or connections was met. */
  'overloaded',
  'paused',
  'shutting-down',
  /** No outcome came: the broker or the daemon ended first. */
  'interrupted',
  /** A fault of driverd's own. */
  'internal-error',
] as const;
export type EndReason = (typeof END_REASONS)[number];
