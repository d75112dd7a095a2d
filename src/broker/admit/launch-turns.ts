import { createTurns } from './turns.ts';

/**
 * Starting a driver is what most of a short call's processor time goes into. No more start at once than there are
 * processors, and identities take turns, so that one with hundreds of calls in flight holds another up by one start.
 */
export interface LaunchTurns {
  /** Starts when it is this identity's turn; the turn lasts until the start has settled. */
  during<Started>(uid: number, start: () => Promise<Started>): Promise<Started>;
}

/** @param places starts at once, at least 1 */
export function createLaunchTurns(places: number): LaunchTurns {
  const turns = createTurns<() => void>();
  let free = places;
  return {
    async during(uid, start) {
      if (free > 0) free -= 1;
      else await new Promise<void>((begin) => turns.add(uid, begin));
      try {
        return await start();
      } finally {
        const next = turns.next(() => true);
        if (next === undefined) free += 1;
        else next();
      }
    },
  };
}
