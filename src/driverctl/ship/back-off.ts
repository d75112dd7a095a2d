import { setTimeout as sleep } from 'node:timers/promises';

export const FIRST_DELAY_MS = 250;
export const LONGEST_DELAY_MS = 30_000;

/** Waits between two attempts. */
export interface BackOff {
  /**
   * Twice as long each time, up to LONGEST_DELAY_MS; from the beginning again after an attempt that lasted longer than was
   * waited for it. Settles early where `signal` is aborted.
   */
  wait(lastedMs: number, signal: AbortSignal): Promise<void>;
}

export function createBackOff(random: () => number = Math.random): BackOff {
  let delay = 0;
  return {
    async wait(lastedMs, signal) {
      delay = delay === 0 || lastedMs > delay ? FIRST_DELAY_MS : Math.min(2 * delay, LONGEST_DELAY_MS);
      // Not all hosts at the same moment when a receiver of many comes back.
      await sleep(delay * (0.5 + random() / 2), undefined, { signal }).catch(() => undefined);
    },
  };
}
