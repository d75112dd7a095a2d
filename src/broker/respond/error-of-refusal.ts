import type { RefusalReason } from '../../boundary/messages.ts';
import type { ErrorReason } from '../../shared/errors.ts';

/** The error of a refusal. A caller that has gone reads none, so there is no word for it in the table. */
export function errorOfRefusal(reason: RefusalReason): ErrorReason {
  return reason === 'disconnected' ? 'cancelled' : reason;
}
