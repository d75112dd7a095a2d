import { type Intent, openRecord } from '../audit/records.ts';
import { type Admitted, type Refused, refuse } from '../call.ts';
import type { PooledLaunch, Recorded } from '../monitor-link.ts';
import type { Place, Placed } from '../persistent/driver.ts';
import type { Services } from '../services.ts';

/** How often a call that meets processes which are just being replaced looks for another. */
const PLACES_TRIED = 4;

/** An admitted call whose intent has left, and where it will run. */
export interface Begun {
  /** performance.now() when the intent left. */
  readonly askedAt: number;
  readonly source: Source;
}

export type Source =
  /** It starts its own driver, or needs none. */
  | { readonly kind: 'own'; readonly intent: Intent }
  /** The driver that stood ready for it. */
  | { readonly kind: 'ready'; readonly intent: Intent; readonly ready: PooledLaunch }
  /** A process that serves others too; what the monitor said of the intent is known. */
  | { readonly kind: 'shared'; readonly intent: Recorded; readonly place: Place };

/**
 * Sends the intent of a call. Where its driver runs already the intent names the launch, so that one message and one
 * record have the call's permission to use it; one that ended meanwhile is no reason to fail.
 */
export function begin(admitted: Admitted, services: Services): Begun | Promise<Begun | Refused> {
  const { target, generation } = admitted;
  if (target.kind === 'built-in') return beginOwn(admitted, services);
  const { profile } = target.method;
  // A call that began before a reload had the driver persistent is not one for a process that others share.
  const isShared = generation.pools.get(profile)?.kind === 'persistent';
  const placed = isShared ? services.persistent.place(profile, admitted.early) : null;
  if (placed !== null) return beginShared(admitted, profile, placed, services);
  const ready = services.pools.take(profile);
  return ready === null ? beginOwn(admitted, services) : beginReady(admitted, profile, ready, services);
}

function beginOwn(admitted: Admitted, services: Services): Begun {
  const askedAt = performance.now();
  return { askedAt, source: { kind: 'own', intent: openRecord(admitted, services, null) } };
}

async function beginReady(
  admitted: Admitted,
  profile: string,
  ready: PooledLaunch,
  services: Services,
): Promise<Begun> {
  const askedAt = performance.now();
  const intent = recordedOrHandedOver(openRecord(admitted, services, ready.launch), ready);
  const recorded = await intent;
  if (recorded === 'launch-gone') return beginOwn(admitted, services);
  // Where the record itself failed the monitor has given it to this call, and ends it.
  if (recorded !== 'recorded' && recorded !== 'audit-unavailable') services.pools.giveBack(profile, ready);
  return { askedAt, source: { kind: 'ready', intent, ready } };
}

/** A driver that stood ready is handed over once the intent that names it is recorded, and may be here before that word. */
async function recordedOrHandedOver(intent: Intent, { granted }: PooledLaunch): Promise<Recorded> {
  const handedOver = granted.then((grant) => (typeof grant === 'string' ? intent : 'recorded'));
  return Promise.race([intent, handedOver]);
}

async function beginShared(
  admitted: Admitted,
  profile: string,
  first: Placed | Promise<Placed>,
  services: Services,
): Promise<Begun | Refused> {
  // To wait for what is there already would cost a turn of the queue of each call.
  let placed: Placed | null = first instanceof Promise ? await first : first;
  for (let tried = 1; placed?.kind === 'placed'; tried += 1) {
    const { place } = placed;
    const askedAt = performance.now();
    const intent = await openRecord(admitted, services, place.process.launch);
    if (intent !== 'recorded') place.unused();
    if (intent !== 'launch-gone') return { askedAt, source: { kind: 'shared', intent, place } };
    services.persistent.stale(place.process.launch);
    place.leave();
    placed = tried < PLACES_TRIED ? await services.persistent.place(profile, admitted.early) : null;
  }
  if (placed?.kind === 'ended') return refuse('refused', admitted.early.why ?? 'cancelled');
  return refuse('refused', 'driver-unavailable', { retry_after_ms: placed?.retryAfterMs ?? 1 });
}

/** A call has ended: what it used is free, or may be replaced. */
export function release({ target }: Admitted, begun: Begun | null, { pools }: Services): void {
  if (begun?.source.kind === 'shared') begun.source.place.leave();
  if (target.kind === 'driver') pools.callEnded(target.method.profile);
}
