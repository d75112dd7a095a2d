import type { Answer, Session } from '../client/session.ts';
import { DaemonFailure, Failure } from '../failure.ts';
import type { Surroundings } from '../invocation.ts';

/** How long after Ctrl-C the reply is waited for, in milliseconds: the driver has a grace to clear up. */
const REPLY_WITHIN_MS = 5_000;

/**
 * Waits for a call's reply; Ctrl-C has the daemon cancel the call, and a second one leaves, which cancels it too. What was
 * complete by then counts as it is. Throws `Failure` (interrupted), and what `request` throws.
 */
export async function interruptible(
  { onInterrupt }: Pick<Surroundings, 'onInterrupt'>,
  session: Session,
  request: () => Promise<Answer>,
): Promise<Answer> {
  const { promise: left, reject: leave } = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const stopListening = onInterrupt(() => {
    if (timer !== undefined)
      return leave(new Failure('interrupted', 'Cannot wait for the call to end: you left it'));
    session.cancel();
    const late = new Failure('interrupted', 'Cannot wait any longer for the call to end: it was cancelled');
    timer = setTimeout(leave, REPLY_WITHIN_MS, late);
  });
  try {
    return await Promise.race([request(), left]);
  } catch (error) {
    const isCancelled = error instanceof DaemonFailure && error.error.data['reason'] === 'cancelled';
    throw isCancelled && timer !== undefined ? new DaemonFailure(error.error, 'interrupted') : error;
  } finally {
    clearTimeout(timer);
    stopListening();
  }
}
