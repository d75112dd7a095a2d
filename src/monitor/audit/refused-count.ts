import { AuditUnavailable } from './unavailable.ts';

/** How long what has no record is summed before one record tells of it, in milliseconds. */
export const REFUSED_COUNT_MS = 1000;

/** What could have no record of its own (invariant 11). */
export type Unrecorded = {
  /** Calls, and others who asked for something, that were refused. */
  readonly refused: number;
  /** Other things that happened: a session, the end of a launch. */
  readonly unrecorded: number;
};

export interface RefusedCount {
  /** Refused since the log was opened. */
  readonly total: number;
  /** What no record tells of yet. */
  readonly pending: Unrecorded;
  add(what: keyof Unrecorded): void;
  /** A record now tells of so many. */
  settle(counted: Unrecorded): void;
  /** Records what is pending; keeps it where that fails. */
  flush(): Promise<void>;
  stop(): void;
}

/** @param record writes one record that tells of the counts; rejects with AuditUnavailable where it cannot */
export function createRefusedCount(record: (counted: Unrecorded) => Promise<unknown>): RefusedCount {
  let total = 0;
  let pending: Unrecorded = { refused: 0, unrecorded: 0 };
  let timer: NodeJS.Timeout | null = null;

  function isPending(): boolean {
    return pending.refused > 0 || pending.unrecorded > 0;
  }

  function change({ refused, unrecorded }: Unrecorded, by: 1 | -1): void {
    pending = { refused: pending.refused + by * refused, unrecorded: pending.unrecorded + by * unrecorded };
  }

  function schedule(): void {
    timer ??= setTimeout(() => {
      timer = null;
      void flush();
    }, REFUSED_COUNT_MS).unref();
  }

  async function flush(): Promise<void> {
    if (!isPending()) return;
    const counted = pending;
    change(counted, -1);
    try {
      await record(counted);
    } catch (error) {
      if (!(error instanceof AuditUnavailable)) throw error;
      change(counted, 1);
    }
  }

  return {
    get total() {
      return total;
    },
    get pending() {
      return pending;
    },
    add(what) {
      if (what === 'refused') total += 1;
      change({ refused: 0, unrecorded: 0, [what]: 1 }, 1);
      schedule();
    },
    settle(counted) {
      change(counted, -1);
      // What was counted while that record was written needs one of its own.
      if (isPending()) schedule();
    },
    flush,
    stop() {
      clearTimeout(timer ?? undefined);
    },
  };
}
