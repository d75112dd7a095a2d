import type { RefusalReason } from '../../boundary/messages.ts';
import { errorTable } from '../../shared/errors.ts';
import { newTrace } from '../frame/traceparent.ts';
import { errorOfRefusal } from '../respond/error-of-refusal.ts';
import type { Services } from '../services.ts';

/** Records a message that was no call: nothing of it is a claim but why. */
export async function recordInvalid(
  session: number,
  requestId: string,
  reason: RefusalReason,
  { monitor }: Services,
): Promise<void> {
  const { traceId: trace, spanId: span } = newTrace();
  await monitor.record((serial) => ({
    ...{ type: 'refusal', serial, session, request: requestId, kind: 'invalid', reason },
    ...{ method: null, params: null, policies: [], trace, span, because: null },
    ...{ error: errorTable[errorOfRefusal(reason)].code },
  }));
}
