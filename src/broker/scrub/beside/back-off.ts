/** How long nothing is tried again after it failed, in milliseconds: twice as long each time. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/** When something that failed may be tried again. */
export interface BackOff {
  mayTry(): boolean;
  failed(): void;
  /** The next failure is a first one again. */
  wentWell(): void;
}

export function createBackOff(): BackOff {
  let pause = FIRST_PAUSE_MS;
  let notBefore = -Infinity;
  return {
    mayTry: () => performance.now() >= notBefore,
    failed() {
      notBefore = performance.now() + pause;
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
    },
    wentWell() {
      pause = FIRST_PAUSE_MS;
    },
  };
}
