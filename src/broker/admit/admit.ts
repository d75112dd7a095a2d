import { type Admitted, type Authorised, type Callable, type Refused, refuse, type Target } from '../call.ts';
import type { PoolSettings } from '../pool/pool-settings.ts';
import type { Services } from '../services.ts';
import type { Entry, PlaceLimits } from './limiter.ts';
import { type Limits, limitsFor } from './limits-for.ts';

/** When a caller who found every place taken and the queue full should ask again, in milliseconds. */
const RETRY_AFTER_MS = 250;

/** Who cancels a call may have used up all places. */
const PLACELESS: Entry = { kind: 'entered', release: () => undefined };

let lastCall = 0;

/**
 * Its rate, a place within the limits, a number for the monitor, and a way to end the call when its connection goes. A
 * promise comes only where it has to wait.
 */
export function admit(
  authorised: Authorised,
  services: Services,
): Admitted | Refused | Promise<Admitted | Refused> {
  const stopped = stop(authorised, services);
  if (stopped !== null) return stopped;
  const { session, generation } = authorised;
  const { driver, limits, perMinute, bucket } = limitsOf(authorised);
  const wait = services.rates.take(bucket, perMinute);
  if (wait > 0) return refuse('refused', 'rate-limited', { retry_after_ms: wait });

  generation.began();
  const entry = needsNoPlace(authorised.target)
    ? PLACELESS
    : services.limiter.enter(session.caller.uid, driver, limits, authorised.early);
  return entry instanceof Promise
    ? entry.then((came) => enter(authorised, came, services))
    : enter(authorised, entry, services);
}

function enter(authorised: Authorised, entry: Entry, services: Services): Admitted | Refused {
  const { generation } = authorised;
  if (entry.kind !== 'entered') {
    generation.ended();
    if (entry.kind === 'ended') return refuse('refused', entry.why);
    return refuse('refused', 'overloaded', { retry_after_ms: RETRY_AFTER_MS });
  }
  const release = (): void => {
    entry.release();
    generation.ended();
  };
  // While it waited, the daemon may have been stopped or paused.
  const stoppedMeanwhile = stop(authorised, services) ?? unavailable(authorised, services);
  if (stoppedMeanwhile !== null) {
    release();
    return stoppedMeanwhile;
  }
  lastCall += 1;
  return { ...authorised, stage: 'admitted', call: lastCall, release };
}

function stop({ target }: Authorised, services: Services): Refused | null {
  if (services.isDraining()) return refuse('refused', 'shutting-down');
  return services.isPaused() && target.kind === 'driver' ? refuse('refused', 'paused') : null;
}

function needsNoPlace(target: Target): boolean {
  return target.kind === 'built-in' && target.builtIn.needsNoPlace === true;
}

/** A persistent driver that ends again and again: its calls are told so at once. */
function unavailable({ target }: Authorised, { persistent }: Services): Refused | null {
  const wait = target.kind === 'driver' ? persistent.unavailable(target.method.profile) : null;
  return wait === null ? null : refuse('refused', 'driver-unavailable', { retry_after_ms: wait });
}

/** The limits that hold for a call, and its rate by them. */
export function limitsOf({
  session,
  generation,
  target,
}: Pick<Callable, 'session' | 'generation' | 'target'>): CallLimits {
  const { name, driver, destructive } = nameOf(target);
  const set = limitsFor(generation.settings, generation.rolesOf(session.caller), { name, driver });
  const limits = boundedBy(set, generation.pools.get(driver));
  const perMinute = destructive ? set.destructive_calls_per_minute : set.calls_per_minute;
  return { driver, limits, perMinute, bucket: `${session.caller.uid} ${name}` };
}

/** More calls than its processes take at a time wait for a place, as at any other limit. */
function boundedBy(limits: Limits, pool: PoolSettings | undefined): PlaceLimits {
  if (pool?.kind !== 'persistent') return limits;
  const places = pool.processes * pool.maxConcurrency;
  if (places >= limits.in_flight_per_driver) return limits;
  const { in_flight, in_flight_per_identity, queued, queued_per_identity, queued_per_driver, queue_ms } =
    limits;
  // Without all the others, as there is one for each call.
  return {
    in_flight,
    in_flight_per_identity,
    in_flight_per_driver: places,
    queued,
    queued_per_identity,
    queued_per_driver,
    queue_ms,
  };
}

export interface CallLimits {
  readonly driver: string;
  readonly limits: PlaceLimits;
  readonly perMinute: number;
  /** Which of the rates' buckets is this call's. */
  readonly bucket: string;
}

function nameOf(target: Target): { name: string; driver: string; destructive: boolean } {
  if (target.kind === 'built-in') return { name: target.builtIn.name, driver: 'rpc', destructive: false };
  const { name, profile, destructive } = target.method;
  return { name, driver: profile, destructive };
}
