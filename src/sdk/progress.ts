import type { JsonObject } from './json-value.ts';

/** Least time between two progress notifications, in milliseconds: at most ten a second. */
const INTERVAL_MS = 100;

/** Says how far a call is. */
export interface ProgressReporter {
  /** Sends it now or with the next one that is due; a newer one takes the place of one that waits. */
  report(progress: number, total?: number, message?: string): void;
  /** Sends what waits: called before the response, so that the last report is never lost. */
  flush(): void;
}

/** Coalesces progress to at most ten notifications a second. @param send takes the `params` of a notification */
export function createProgressReporter(send: (params: JsonObject) => void): ProgressReporter {
  let waiting: JsonObject | null = null;
  let sentAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (waiting === null) return;
    const params = waiting;
    waiting = null;
    sentAt = performance.now();
    send(params);
  }

  return {
    report(progress, total, message) {
      // NaN and the infinities have no JSON form.
      if (!Number.isFinite(progress)) return;
      waiting = {
        progress,
        ...(total !== undefined && Number.isFinite(total) ? { total } : {}),
        ...(message === undefined ? {} : { message }),
      };
      const due = sentAt + INTERVAL_MS - performance.now();
      // A handler that never yields runs no timers, so a report that is due goes out at once.
      if (due <= 0) flush();
      else timer ??= setTimeout(flush, due);
    },
    flush,
  };
}
