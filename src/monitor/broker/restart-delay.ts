/** From the third end within ten seconds a restart waits, doubling up to this, in milliseconds. */
const ENDS_COUNTED_WITHIN_MS = 10_000;
const ENDS_WITHOUT_DELAY = 2;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 5_000;

/** How long to wait before the broker's next start. */
export interface RestartDelay {
  /** Notes an end now; returns the delay in milliseconds. */
  afterEnd(): number;
}

export function createRestartDelay(): RestartDelay {
  let ends: number[] = [];
  return {
    afterEnd() {
      const now = performance.now();
      ends = [...ends.filter((end) => now - end < ENDS_COUNTED_WITHIN_MS), now];
      const over = ends.length - ENDS_WITHOUT_DELAY;
      return over <= 0 ? 0 : Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (over - 1));
    },
  };
}
