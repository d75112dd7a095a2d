/** How much is measured. */
export interface Effort {
  readonly isQuick: boolean;
  /** Calls that start a process, and such processes of others. */
  readonly launches: number;
  /** The same of what takes a tenth of a second and more. */
  readonly slowLaunches: number;
  /** Calls that start none, one after the other. */
  readonly calls: number;
  /** Turns with many calls in flight, and how long each is, in milliseconds. */
  readonly turns: number;
  readonly turnMs: number;
  /** How long each side is kept busy first, in milliseconds: V8 compiles what runs often, and a daemon runs for months. */
  readonly warmMs: number;
  /** Starts of the daemon. */
  readonly starts: number;
  /** Audit records that a large log holds. */
  readonly records: number;
}

export const THOROUGH: Effort = {
  ...{ isQuick: false, launches: 400, slowLaunches: 60, calls: 4_000 },
  ...{ turns: 5, turnMs: 3_000, warmMs: 6_000, starts: 15, records: 1_000_000 },
};

export const QUICK: Effort = {
  ...{ isQuick: true, launches: 60, slowLaunches: 8, calls: 600 },
  ...{ turns: 3, turnMs: 600, warmMs: 4_000, starts: 3, records: 100_000 },
};
