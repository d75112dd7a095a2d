import type { OutcomeClaims } from '../../boundary/messages.ts';
import type { Finished } from '../call.ts';

type Durations = Pick<OutcomeClaims, 'waitedMicroseconds' | 'ranMicroseconds' | 'stages'>;

/** How long a call took: before hand-over and after it, and stage by stage. */
export function durationsOf(finished: Finished): Durations {
  const { receivedAt, validatedAt, authorisedAt, run } = finished;
  const { asked, intended, launched, handedOver, ended, answered } = run.times;
  return {
    waitedMicroseconds: microseconds(receivedAt, handedOver ?? answered),
    ranMicroseconds: handedOver === null ? 0 : microseconds(handedOver, ended ?? answered),
    stages: {
      validate: microseconds(receivedAt, validatedAt),
      authorise: microseconds(validatedAt, authorisedAt),
      intent: microseconds(asked, intended),
      launch: launched === null ? null : microseconds(asked, launched),
      run: handedOver === null ? null : microseconds(handedOver, ended ?? answered),
      scrub: ended === null ? null : microseconds(ended, answered),
    },
  };
}

/** Between two readings of performance.now(). */
function microseconds(from: number, to: number): number {
  return Math.max(0, Math.round((to - from) * 1000));
}
