import type { EndReason } from '../shared/audit/end-reasons.ts';
import type { Outcome, RefusalReason } from './messages.ts';

/** What each outcome of a run counts as. */
export const END_OF_OUTCOME: Readonly<Record<Outcome, EndReason>> = {
  ok: 'ok',
  timeout: 'timeout',
  cancelled: 'cancelled',
  disconnected: 'disconnected',
  'output-limit': 'output-limit',
  'memory-limit': 'memory',
  'process-limit': 'processes',
  crashed: 'crashed',
  'bad-output': 'bad-output',
  'driver-error': 'driver-error',
  'launch-refused': 'launch-refused',
  overloaded: 'overloaded',
  'internal-error': 'internal-error',
};

/** What each refusal before any intent counts as. */
export const END_OF_REFUSAL: Readonly<Record<RefusalReason, EndReason>> = {
  'parse-error': 'invalid',
  'invalid-request': 'invalid',
  'invalid-params': 'invalid',
  forbidden: 'denied',
  'method-not-found': 'denied',
  overloaded: 'overloaded',
  'rate-limited': 'overloaded',
  cancelled: 'cancelled',
  disconnected: 'disconnected',
  'shutting-down': 'shutting-down',
  paused: 'paused',
  'message-too-large': 'invalid',
  'message-timeout': 'timeout',
  'http-not-spoken': 'invalid',
  'too-many-connections': 'overloaded',
  'internal-error': 'internal-error',
};
