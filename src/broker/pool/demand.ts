/** For how long what came at once counts, in milliseconds; at most twice as long. */
export const DEMAND_WINDOW_MS = 30_000;

/** How many calls of a driver there were at once lately: as many are worth having ready. */
export interface Demand {
  began(): void;
  ended(): void;
  /** The most at once in this window and the one before. */
  readonly peak: number;
}

/** @param now milliseconds of a clock that never goes back */
export function createDemand(now: () => number = () => performance.now()): Demand {
  let current = 0;
  let windowBegan = now();
  let [before, inWindow] = [0, 0];

  function turn(): void {
    const passed = Math.floor((now() - windowBegan) / DEMAND_WINDOW_MS);
    if (passed === 0) return;
    windowBegan += passed * DEMAND_WINDOW_MS;
    before = passed === 1 ? inWindow : current;
    inWindow = current;
  }

  return {
    began() {
      turn();
      current += 1;
      inWindow = Math.max(inWindow, current);
    },
    ended() {
      turn();
      // Of a call that was there before this was it knows only the end.
      current = Math.max(0, current - 1);
    },
    get peak() {
      turn();
      return Math.max(before, inWindow);
    },
  };
}
