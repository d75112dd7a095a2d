/** Refusals of one identity that were counted and not recorded one by one; facts of a `refusals` record. */
export type RefusalsAggregate = {
  /** null: of all identities that came when the table was full. */
  readonly uid: number | null;
  /** Reason to count. */
  readonly reasons: { readonly [reason: string]: number };
  readonly total: number;
  /** When the first and the last of them were counted, ISO 8601. */
  readonly from: string;
  readonly to: string;
};

export interface RefusalsOptions {
  /** Refusals of one identity that are recorded one by one in a window, 1 or more. */
  readonly wholePerWindow: number;
  readonly windowMs: number;
  /** How long refusals are counted before the count is written: what is counted waits for that. */
  readonly countMs: number;
  /** Identities told apart in a window; those that come later share one count. */
  readonly maximumIdentities: number;
  /** Writes a record. What it rejects is counted on and written with the next count. */
  readonly write: (aggregate: RefusalsAggregate) => unknown;
}

export interface Refusals {
  /**
   * Says whether this refusal is to have a record of its own. Else it is counted, and the answer settles when a record has
   * told of it, or could not: nothing is dropped by an end of the daemon once it is answered (invariant 11).
   */
  admit(uid: number, reason: string): 'whole' | Promise<void>;
  /** Writes what was counted. Rejects with the first error of `write`. */
  close(): Promise<void>;
}

/** Reasons told apart for one identity; others are counted as `other`. */
const REASONS_MAXIMUM = 32;
const OTHER = 'other';

interface Counted {
  readonly reasons: Map<string, number>;
  total: number;
  /** Milliseconds since 1970. */
  from: number;
  to: number;
}

/**
 * Keeps one identity's flood of refusals from filling the disk without dropping any (invariant 11, A13): the first of
 * a window are whole, the others are summed by reason and written together. Memory is bounded by its two limits.
 */
export function createRefusals(options: RefusalsOptions): Refusals {
  /** Of this window, by identity; null: of those beyond the limit. */
  const whole = new Map<number | null, number>();
  let counts = new Map<number | null, Counted>();
  let windowTimer: NodeJS.Timeout | null = null;
  let countTimer: NodeJS.Timeout | null = null;
  /** Of those who wait for the next count. */
  let told: PromiseWithResolvers<void> | null = null;

  function admit(uid: number, reason: string): 'whole' | Promise<void> {
    windowTimer ??= setTimeout(() => {
      windowTimer = null;
      whole.clear();
    }, options.windowMs).unref();
    const identity = whole.has(uid) || whole.size < options.maximumIdentities ? uid : null;
    const before = whole.get(identity) ?? 0;
    if (before < options.wholePerWindow) {
      whole.set(identity, before + 1);
      return 'whole';
    }
    const now = Date.now();
    count(identity, { reasons: new Map([[reason, 1]]), total: 1, from: now, to: now });
    return whenTold();
  }

  function count(identity: number | null, more: Counted): void {
    // While nothing can be written, identities of many windows come together here.
    const isTold = counts.has(identity) || counts.size < options.maximumIdentities;
    const known = counts.get(isTold ? identity : null);
    if (known === undefined) {
      counts.set(isTold ? identity : null, more);
      return;
    }
    for (const [reason, times] of more.reasons) addReason(known, reason, times);
    known.total += more.total;
    known.from = Math.min(known.from, more.from);
    known.to = Math.max(known.to, more.to);
  }

  function whenTold(): Promise<void> {
    if (told === null) {
      told = Promise.withResolvers();
      // What could not be written is counted on: nothing is lost, so nobody needs the error.
      countTimer = setTimeout(() => void tell().catch(whenTold), options.countMs).unref();
    }
    return told.promise;
  }

  async function tell(): Promise<void> {
    const ended = [...counts];
    const waiting = told;
    counts = new Map();
    told = null;
    const results = await Promise.allSettled(
      ended.map(async ([uid, counted]) => options.write(aggregateOf(uid, counted))),
    );
    let failure: unknown = null;
    for (const [index, result] of results.entries()) {
      const unwritten = ended[index];
      if (result.status === 'fulfilled' || unwritten === undefined) continue;
      failure ??= result.reason;
      count(...unwritten);
    }
    waiting?.resolve();
    if (failure !== null) throw failure;
  }

  async function close(): Promise<void> {
    clearTimeout(windowTimer ?? undefined);
    clearTimeout(countTimer ?? undefined);
    await tell();
  }

  return { admit, close };
}

function addReason({ reasons }: Counted, reason: string, times: number): void {
  const named = reasons.has(reason) || reasons.size < REASONS_MAXIMUM ? reason : OTHER;
  reasons.set(named, (reasons.get(named) ?? 0) + times);
}

function aggregateOf(uid: number | null, { reasons, total, from, to }: Counted): RefusalsAggregate {
  // fromEntries defines properties, so no reason can reach a prototype.
  return {
    uid,
    reasons: Object.fromEntries(reasons),
    total,
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
  };
}
