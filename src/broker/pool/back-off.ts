/** The first wait after a failure, and the longest, in milliseconds; each is twice the one before. */
const FIRST_MS = 100;
const LONGEST_MS = 30_000;

/** How long to wait before something that failed is started again. */
export interface BackOff {
  /** Again before the wait is over it is of the same failure: what was started side by side fails side by side. */
  failed(): void;
  succeeded(): void;
  /** Failures since the last success. */
  readonly failures: number;
  /** Milliseconds until it may be started again; 0: now. */
  readonly waitMs: number;
}

/** @param now milliseconds of a clock that never goes back */
export function createBackOff(now: () => number = () => performance.now()): BackOff {
  let failures = 0;
  let until = 0;
  return {
    failed() {
      if (now() < until) return;
      failures += 1;
      until = now() + Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
    },
    succeeded() {
      failures = 0;
      until = 0;
    },
    get failures() {
      return failures;
    },
    get waitMs() {
      return Math.max(0, Math.ceil(until - now()));
    },
  };
}
