import { type Admitted, type Authorised, type Refused, refuse } from '../call.ts';
import type { Services } from '../services.ts';

let lastCall = 0;

/** A place within the limits, a number for the monitor, and a way to end the call when its connection goes. */
export function admit(authorised: Authorised, services: Services): Admitted | Refused {
  if (services.isDraining()) return refuse('refused', 'shutting-down');
  if (services.isPaused() && authorised.target.kind === 'driver') return refuse('refused', 'paused');
  const { session, generation } = authorised;
  const release = services.limiter.take(session.caller.uid, generation.settings.limits);
  if (release === null) return refuse('refused', 'overloaded');
  generation.began();
  lastCall += 1;
  return {
    ...authorised,
    stage: 'admitted',
    call: lastCall,
    cancelled: session.gone,
    release() {
      release();
      generation.ended();
    },
  };
}
