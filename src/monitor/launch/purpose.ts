import type { LaunchEnd } from '../../boundary/launch-words.ts';
import type { DriverPlan } from '../configuration/plan.ts';

/** The call that a launch serves. */
export interface ServedCall {
  readonly call: number;
  readonly session: number;
}

/** What a launch is made for. */
export type Purpose =
  /** One call, which is there already. */
  | ({ readonly kind: 'call' } & ServedCall)
  /** One call that is still to come; it dies with it. */
  | { readonly kind: 'pool' }
  /** Many calls, until it is replaced. */
  | { readonly kind: 'persistent' };

/** Longest wait of a driver that was started before its call, in milliseconds: what it was given ages. */
const UNUSED_MS = 600_000;

/** How long a launch may live as it stands, in milliseconds; one of a pool has its time limit from its call on. */
export function longestLife(purpose: Purpose, { wallMs, pool }: DriverPlan): number {
  if (purpose.kind === 'call') return wallMs;
  if (purpose.kind === 'pool') return UNUSED_MS;
  // Calls that it serves when it is replaced for its age may run on.
  return (pool?.kind === 'persistent' ? pool.ageMs : 0) + wallMs;
}

export function endOfLife({ kind }: Purpose): LaunchEnd {
  return kind === 'call' ? 'wall-limit' : 'retired';
}
