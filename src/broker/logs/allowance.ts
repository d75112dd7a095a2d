/** How long what is counted against a limit stays counted, in milliseconds. */
const WINDOW_MS = 60_000;
/** All drivers together may fill the operational log as fast as so many of them. */
const DRIVERS_AT_THE_LIMIT = 4;
/** What a line costs beside its text, in bytes: the JSON around it, and what a journal keeps with it. */
const BYTES_PER_LINE = 256;

/** What of one driver was left out of the operational log in one minute. */
export interface LeftOut {
  readonly driver: string;
  readonly lines: number;
  readonly bytes: number;
}

/**
 * How much drivers may write to the operational log, each by itself and all together, so that none fills the journal
 * or has it drop what driverd itself says.
 */
export interface Allowance {
  /** Takes effect at once. 0, with which it begins: nothing may be written, and nothing is counted. */
  bytesPerMinute: number;
  /** Whether nothing of this driver was left out in this minute: behind the first line that was, all are. */
  isOpen(driver: string): boolean;
  /** Whether a line with so many bytes of text may be written; then it counts. */
  take(driver: string, bytes: number): boolean;
  /** Counts what was not written. */
  leaveOut(driver: string, lines: number, bytes: number): void;
  /** Tells now what was left out, and begins anew. */
  flush(): void;
}

/** @param tell is called once a minute at the most for each driver of which something was left out */
export function createAllowance(tell: (leftOut: LeftOut) => void): Allowance {
  const used = new Map<string, number>();
  const leftOut = new Map<string, LeftOut>();
  let usedInAll = 0;
  let endsAt = 0;
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    const all = [...leftOut.values()];
    leftOut.clear();
    used.clear();
    usedInAll = 0;
    endsAt = performance.now() + WINDOW_MS;
    for (const one of all) tell(one);
  }

  const allowance: Allowance = {
    bytesPerMinute: 0,
    isOpen(driver) {
      if (performance.now() >= endsAt) flush();
      return !leftOut.has(driver);
    },
    take(driver, bytes) {
      if (!allowance.isOpen(driver)) return false;
      const cost = bytes + BYTES_PER_LINE;
      const own = (used.get(driver) ?? 0) + cost;
      const limit = allowance.bytesPerMinute;
      if (own > limit || usedInAll + cost > DRIVERS_AT_THE_LIMIT * limit) return false;
      used.set(driver, own);
      usedInAll += cost;
      return true;
    },
    leaveOut(driver, lines, bytes) {
      if (allowance.bytesPerMinute === 0) return;
      const before = leftOut.get(driver);
      leftOut.set(driver, {
        driver,
        lines: lines + (before?.lines ?? 0),
        bytes: bytes + (before?.bytes ?? 0),
      });
      timer ??= setTimeout(flush, Math.max(0, endsAt - performance.now())).unref();
    },
    flush,
  };
  return allowance;
}
