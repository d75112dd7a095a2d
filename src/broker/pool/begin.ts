import { type Intent, openRecord } from '../audit/records.ts';
import type { Admitted } from '../call.ts';
import type { PooledLaunch } from '../monitor-link.ts';
import type { Services } from '../services.ts';

/** An admitted call whose intent is on its way, and where it will run. */
export interface Begun {
  readonly intent: Intent;
  /** performance.now() when the intent left. */
  readonly askedAt: number;
  /** The driver that stood ready for it; null: it starts its own, or needs none. */
  readonly ready: PooledLaunch | null;
}

/**
 * Sends the intent of a call. Where a driver stands ready the intent names it, so that one message and one record
 * have the call's permission to use it; one that ended meanwhile is no reason to fail: the call starts its own.
 */
export async function begin(admitted: Admitted, services: Services): Promise<Begun> {
  const ready = takeReady(admitted, services);
  const askedAt = performance.now();
  const intent = openRecord(admitted, services, ready?.launch ?? null);
  if (ready === null || (await intent) !== 'launch-gone') return { intent, askedAt, ready };
  return { intent: openRecord(admitted, services, null), askedAt, ready: null };
}

function takeReady({ target }: Admitted, { pools }: Services): PooledLaunch | null {
  return target.kind === 'driver' ? pools.take(target.method.profile) : null;
}

/** A call has ended: what it used may be replaced. */
export function release({ target }: Admitted, { pools }: Services): void {
  if (target.kind === 'driver') pools.callEnded(target.method.profile);
}
