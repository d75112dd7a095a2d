import type { JsonObject } from '../../shared/json-value.ts';

/** Least time between two progress notifications of a call, in milliseconds: at most ten a second. */
const INTERVAL_MS = 100;

/** Progress of one call on its way to the caller. */
export interface ProgressPace {
  /** Sends it now or when it may be sent; a newer one takes the place of one that waits. */
  report(progress: JsonObject): void;
  /** Sends what waits, whether the caller reads or not: it comes before the reply, and is the last. */
  end(): void;
}

/**
 * Paces progress: a driver may send as much as its output may hold, and a caller that reads slowly is not sent what is old.
 * @param send tells whether it was sent; without `isLast` it is not where the caller does not read
 */
export function paceProgress(send: (progress: JsonObject, isLast: boolean) => boolean): ProgressPace {
  let waiting: JsonObject | null = null;
  let sentAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  function sendDue(): void {
    timer = undefined;
    if (waiting === null) return;
    if (!send(waiting, false)) {
      timer = setTimeout(sendDue, INTERVAL_MS);
      return;
    }
    waiting = null;
    sentAt = performance.now();
  }

  return {
    report(progress) {
      waiting = progress;
      if (timer !== undefined) return;
      const due = sentAt + INTERVAL_MS - performance.now();
      if (due <= 0) sendDue();
      else timer = setTimeout(sendDue, due);
    },
    end() {
      clearTimeout(timer);
      if (waiting !== null) send(waiting, true);
      waiting = null;
    },
  };
}
