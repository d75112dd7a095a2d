/** A token bucket on the monotonic clock. */
export interface Rate {
  /** Takes one; false where none is left. */
  take(): boolean;
}

/** @param perSecond tokens a second, from 1; as many may be taken at once */
export function createRate(perSecond: () => number): Rate {
  let tokens = perSecond();
  let at = performance.now();
  return {
    take() {
      const now = performance.now();
      tokens = Math.min(perSecond(), tokens + ((now - at) / 1000) * perSecond());
      at = now;
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}

/** Counts what was used and cannot be refused any more: what is over the rate is owed, until time has paid for it. */
export interface Meter {
  spend(amount: number): void;
  /** Milliseconds until nothing is owed; 0: nothing is. */
  owedMs(): number;
}

/** @param perSecond from 1; as much may be used at once */
export function createMeter(perSecond: () => number): Meter {
  let left = perSecond();
  let at = performance.now();

  function settle(): void {
    const now = performance.now();
    left = Math.min(perSecond(), left + ((now - at) / 1000) * perSecond());
    at = now;
  }

  return {
    spend(amount) {
      settle();
      left -= amount;
    },
    owedMs() {
      // Time can only have paid for more.
      if (left >= 0) return 0;
      settle();
      return left >= 0 ? 0 : Math.ceil((-left / perSecond()) * 1000);
    },
  };
}
