import { AuditUnavailable } from './unavailable.ts';

/** How long refusals without a record are summed before one record tells of them, in milliseconds. */
export const REFUSED_COUNT_MS = 1000;

/** Refusals that could have no record of their own (invariant 11). */
export interface RefusedCount {
  /** Since the log was opened. */
  readonly total: number;
  /** Of them, those that no record tells of yet. */
  readonly unrecorded: number;
  add(): void;
  /** A record now tells of so many. */
  settle(count: number): void;
  /** Records what is unrecorded; keeps it where that fails. */
  flush(): Promise<void>;
  stop(): void;
}

/** @param record writes one record that tells of `count` refusals; rejects with AuditUnavailable where it cannot */
export function createRefusedCount(record: (count: number) => Promise<unknown>): RefusedCount {
  let total = 0;
  let unrecorded = 0;
  let timer: NodeJS.Timeout | null = null;

  function schedule(): void {
    timer ??= setTimeout(() => {
      timer = null;
      void flush();
    }, REFUSED_COUNT_MS).unref();
  }

  async function flush(): Promise<void> {
    const count = unrecorded;
    if (count === 0) return;
    unrecorded -= count;
    try {
      await record(count);
    } catch (error) {
      if (!(error instanceof AuditUnavailable)) throw error;
      unrecorded += count;
    }
  }

  return {
    get total() {
      return total;
    },
    get unrecorded() {
      return unrecorded;
    },
    add() {
      total += 1;
      unrecorded += 1;
      schedule();
    },
    settle(count) {
      unrecorded -= count;
      // What was counted while that record was written needs one of its own.
      if (unrecorded > 0) schedule();
    },
    flush,
    stop() {
      clearTimeout(timer ?? undefined);
    },
  };
}
