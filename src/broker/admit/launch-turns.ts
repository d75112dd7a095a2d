import { createTurns } from './turns.ts';

/** How long an identity counts as calling after its last turn, in milliseconds: between two calls of one it has none here. */
const CALLING_MS = 100;
/** Longest time for which a started driver holds its turn, in milliseconds: then it is not one that ends at once. */
const TURN_MS = 20;

/**
 * Starting a driver, and ending its sandbox, is what most of a short call's processor time goes into. No more start at
 * once than there are processors, and identities take turns. While several call, each has its share of the processors,
 * and a turn lasts until the driver has ended: so one with hundreds of calls in flight holds up another by little more
 * than one driver. An identity that calls alone starts the next driver as soon as one has started.
 */
export interface LaunchTurns {
  /**
   * Starts when it is this identity's turn.
   * @param ended settles when what was started has ended; never rejects
   */
  during<Started>(
    uid: number,
    start: () => Promise<Started>,
    ended: (started: Started) => Promise<unknown>,
  ): Promise<Started>;
}

interface Waiter {
  readonly uid: number;
  readonly begin: () => void;
}

/**
 * @param places starts at once, at least 1
 * @param now milliseconds of a clock that never goes back
 */
export function createLaunchTurns(places: number, now: () => number = () => performance.now()): LaunchTurns {
  const turns = createTurns<Waiter>();
  /** Turns of each identity that are not over. */
  const held = new Map<number, number>();
  /** When an identity that calls came, or had its last turn; no other stays in it. */
  const calling = new Map<number, number>();
  let starting = 0;

  const heldBy = (uid: number): number => held.get(uid) ?? 0;

  function share(): number {
    for (const [uid, at] of calling)
      if (now() - at > CALLING_MS && heldBy(uid) === 0 && turns.waiting(uid) === 0) calling.delete(uid);
    return calling.size > 1 ? Math.max(1, Math.floor(places / calling.size)) : Number.POSITIVE_INFINITY;
  }

  function beginNext(): void {
    const most = share();
    while (starting < places) {
      const next = turns.next(({ uid }) => heldBy(uid) < most);
      if (next === undefined) return;
      starting += 1;
      held.set(next.uid, heldBy(next.uid) + 1);
      next.begin();
    }
  }

  function over(uid: number): void {
    const left = heldBy(uid) - 1;
    if (left === 0) held.delete(uid);
    else held.set(uid, left);
    calling.set(uid, now());
    beginNext();
  }

  return {
    async during(uid, start, ended) {
      calling.set(uid, now());
      await new Promise<void>((begin) => {
        turns.add(uid, { uid, begin });
        beginNext();
      });
      let turn: Promise<unknown> = Promise.resolve();
      try {
        const started = await start();
        turn = Promise.race([ended(started), longestTurn()]);
        return started;
      } finally {
        starting -= 1;
        void turn.finally(() => over(uid));
        beginNext();
      }
    },
  };
}

function longestTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, TURN_MS));
}
