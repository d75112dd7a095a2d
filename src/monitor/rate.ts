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
