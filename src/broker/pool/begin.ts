import { type Intent, openRecord } from '../audit/records.ts';
import { type Admitted, type Refused, refuse } from '../call.ts';
import type { PooledLaunch, Recorded } from '../monitor-link.ts';
import type { Place } from '../persistent/driver.ts';
import type { Services } from '../services.ts';

/** How often a call that meets processes which are just being replaced looks for another. */
const PLACES_TRIED = 4;

/** An admitted call whose intent is on its way, and where it will run. */
export interface Begun {
  readonly intent: Intent;
  /** performance.now() when the intent left. */
  readonly askedAt: number;
  readonly source: Source;
}

export type Source =
  /** It starts its own driver, or needs none. */
  | { readonly kind: 'own' }
  /** The driver that stood ready for it. */
  | { readonly kind: 'ready'; readonly ready: PooledLaunch }
  /** A process that serves others too. */
  | { readonly kind: 'shared'; readonly place: Place };

const OWN: Source = { kind: 'own' };

/**
 * Sends the intent of a call. Where its driver runs already the intent names the launch, so that one message and one
 * record have the call's permission to use it; one that ended meanwhile is no reason to fail.
 */
export async function begin(admitted: Admitted, services: Services): Promise<Begun | Refused> {
  const { target, generation } = admitted;
  if (target.kind === 'built-in') return send(admitted, services, OWN);
  const { profile } = target.method;
  // A call that began before a reload had the driver persistent is not one for a process that others share.
  const isShared = generation.pools.get(profile)?.kind === 'persistent';
  const placed = isShared ? services.persistent.place(profile, admitted.early) : null;
  if (placed !== null) return beginShared(admitted, profile, await placed, services);
  const ready = services.pools.take(profile);
  if (ready === null) return send(admitted, services, OWN);
  const sent = send(admitted, services, { kind: 'ready', ready });
  const begun = { ...sent, intent: recordedOrHandedOver(sent.intent, ready) };
  const recorded = await begun.intent;
  if (recorded === 'launch-gone') return send(admitted, services, OWN);
  // Where the record itself failed the monitor has given it to this call, and ends it.
  if (recorded !== 'recorded' && recorded !== 'audit-unavailable') services.pools.giveBack(profile, ready);
  return begun;
}

/** A driver that stood ready is handed over once the intent that names it is recorded, and may be here before that word. */
async function recordedOrHandedOver(intent: Intent, { granted }: PooledLaunch): Promise<Recorded> {
  const handedOver = granted.then((grant) => (typeof grant === 'string' ? intent : 'recorded'));
  return Promise.race([intent, handedOver]);
}

async function beginShared(
  admitted: Admitted,
  profile: string,
  first: Awaited<NonNullable<ReturnType<Services['persistent']['place']>>>,
  services: Services,
): Promise<Begun | Refused> {
  let placed: typeof first | null = first;
  for (let tried = 1; placed?.kind === 'placed'; tried += 1) {
    const begun = send(admitted, services, { kind: 'shared', place: placed.place });
    const recorded = await begun.intent;
    if (recorded !== 'recorded') placed.place.unused();
    if (recorded !== 'launch-gone') return begun;
    services.persistent.stale(placed.place.process.launch);
    placed.place.leave();
    placed = tried < PLACES_TRIED ? await services.persistent.place(profile, admitted.early) : null;
  }
  if (placed?.kind === 'ended') return refuse('refused', admitted.early.why ?? 'cancelled');
  return refuse('refused', 'driver-unavailable', { retry_after_ms: placed?.retryAfterMs ?? 1 });
}

function send(admitted: Admitted, services: Services, source: Source): Begun {
  const askedAt = performance.now();
  return { intent: openRecord(admitted, services, launchOf(source)), askedAt, source };
}

function launchOf(source: Source): number | null {
  if (source.kind === 'own') return null;
  return source.kind === 'ready' ? source.ready.launch : source.place.process.launch;
}

/** A call has ended: what it used is free, or may be replaced. */
export function release({ target }: Admitted, begun: Begun | null, { pools }: Services): void {
  if (begun?.source.kind === 'shared') begun.source.place.leave();
  if (target.kind === 'driver') pools.callEnded(target.method.profile);
}
