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
  /** Identities told apart in a window; those that come later share one count. */
  readonly maximumIdentities: number;
  /** Writes a record. What it rejects is counted on and written with the next window. */
  readonly write: (aggregate: RefusalsAggregate) => unknown;
}

export interface Refusals {
  /** Says whether this refusal is to have a record of its own. `counted`: a later record tells of it. */
  admit(uid: number, reason: string): 'whole' | 'counted';
  /** Writes what was counted. Rejects with the first error of `write`. */
  close(): Promise<void>;
}

/** Reasons told apart for one identity; others are counted as `other`. */
const REASONS_MAXIMUM = 32;
const OTHER = 'other';

interface Counted {
  readonly uid: number | null;
  readonly reasons: Map<string, number>;
  whole: number;
  total: number;
  /** Milliseconds since 1970. */
  from: number;
  to: number;
}

/**
 * Keeps one identity's flood of refusals from filling the disk without dropping any (invariant 11, A13): the first of
 * a window are whole, the others are summed by reason and written at its end. Memory is bounded by its two limits.
 */
export function createRefusals(options: RefusalsOptions): Refusals {
  let identities = new Map<number, Counted>();
  let overflow = emptyCount(null);
  let timer: NodeJS.Timeout | null = null;

  function admit(uid: number, reason: string): 'whole' | 'counted' {
    startWindow();
    const counted = countOf(uid);
    if (counted.whole < options.wholePerWindow) {
      counted.whole += 1;
      return 'whole';
    }
    const now = Date.now();
    addReason(counted, reason, 1);
    if (counted.total === 0) counted.from = now;
    counted.to = now;
    counted.total += 1;
    return 'counted';
  }

  function startWindow(): void {
    timer ??= setTimeout(() => {
      timer = null;
      // What could not be written is counted on: nothing is lost, so nobody needs the error.
      endWindow().catch(() => startWindow());
    }, options.windowMs).unref();
  }

  function countOf(uid: number | null): Counted {
    if (uid === null) return overflow;
    const known = identities.get(uid);
    if (known !== undefined) return known;
    if (identities.size >= options.maximumIdentities) return overflow;
    const counted = emptyCount(uid);
    identities.set(uid, counted);
    return counted;
  }

  async function endWindow(): Promise<void> {
    const ended = [...identities.values(), overflow].filter(({ total }) => total > 0);
    identities = new Map();
    overflow = emptyCount(null);
    const results = await Promise.allSettled(
      ended.map(async (counted) => options.write(aggregateOf(counted))),
    );
    let failure: unknown = null;
    for (const [index, result] of results.entries()) {
      const counted = ended[index];
      if (result.status === 'fulfilled' || counted === undefined) continue;
      failure ??= result.reason;
      countOn(counted);
    }
    if (failure !== null) throw failure;
  }

  function countOn(unwritten: Counted): void {
    const counted = countOf(unwritten.uid);
    for (const [reason, count] of unwritten.reasons) addReason(counted, reason, count);
    counted.from = unwritten.from;
    if (counted.total === 0) counted.to = unwritten.to;
    counted.total += unwritten.total;
  }

  async function close(): Promise<void> {
    clearTimeout(timer ?? undefined);
    timer = null;
    await endWindow();
  }

  return { admit, close };
}

function emptyCount(uid: number | null): Counted {
  return { uid, reasons: new Map(), whole: 0, total: 0, from: 0, to: 0 };
}

function addReason({ reasons }: Counted, reason: string, count: number): void {
  const named = reasons.has(reason) || reasons.size < REASONS_MAXIMUM ? reason : OTHER;
  reasons.set(named, (reasons.get(named) ?? 0) + count);
}

function aggregateOf({ uid, reasons, total, from, to }: Counted): RefusalsAggregate {
  // fromEntries defines properties, so no reason can reach a prototype.
  return {
    uid,
    reasons: Object.fromEntries(reasons),
    total,
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
  };
}
