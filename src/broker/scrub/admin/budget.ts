/** How long one pattern may take on one line, or a window of a long one, in milliseconds of this thread's CPU time. */
const LINE_MS = 50;
/** How long one pattern may take in all lines of one call together, likewise. */
const CALL_MS = 5_000;

/** Stands in the mark of a line on which a pattern ran out of its time, and in the counts of the audit record. */
export const BUDGET_NAME = 'scrub-budget';

/** How much time patterns may take, and what tells it. */
export interface Budget {
  readonly lineMilliseconds: number;
  readonly callMilliseconds: number;
  /** Only ever goes forward, in milliseconds. */
  now(): number;
}

/** CPU time, so that a host that is busy with other things uses up no rule's budget. */
export const USUAL_BUDGET: Budget = {
  lineMilliseconds: LINE_MS,
  callMilliseconds: CALL_MS,
  now() {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  },
};

/** The time that the patterns of one call take. What has run out of it is off for the rest of the call. */
export interface Spending {
  isOff(id: string): boolean;
  /**
   * Begins to count for one pattern on one line.
   * @returns asked after each step of the work; false: it is to be given up, and is off from here on
   */
  begin(id: string): () => boolean;
}

/** @param over told the name of each pattern that runs out of time, once */
export function createSpending(over: (id: string) => void, budget: Budget): Spending {
  const spent = new Map<string, number>();
  const off = new Set<string>();
  return {
    isOff: (id) => off.has(id),
    begin(id) {
      const before = spent.get(id) ?? 0;
      const from = budget.now();
      return () => {
        const line = budget.now() - from;
        spent.set(id, before + line);
        const isWithin = line <= budget.lineMilliseconds && before + line <= budget.callMilliseconds;
        if (!isWithin && !off.has(id)) {
          off.add(id);
          over(id);
        }
        return isWithin;
      };
    },
  };
}
