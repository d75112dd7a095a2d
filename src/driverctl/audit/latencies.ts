/** Values told apart below this, in microseconds; above it to 1 part in this. */
const STEPS = 64;
const STEP_BITS = 6;
/** Up to 2^53 microseconds. */
const BUCKETS = (54 - STEP_BITS) * STEPS;

/** Durations summed up in constant memory. */
export interface Latencies {
  readonly count: number;
  /** In microseconds; 0 for none. */
  readonly max: number;
  /** @param microseconds a whole number; anything else is taken for the nearest one that can be counted */
  add(microseconds: number): void;
  /**
   * The duration that this share of all is not over, in microseconds, at most 1.6 % too long; null for none.
   * @param share over 0, up to 1
   */
  quantile(share: number): number | null;
}

/** Counts in buckets whose width grows with the value, as HdrHistogram does. */
export function createLatencies(): Latencies {
  // Made with the first value: most groups of a statistic may have none.
  let buckets: Uint32Array | null = null;
  let count = 0;
  let max = 0;
  return {
    get count() {
      return count;
    },
    get max() {
      return max;
    },
    add(microseconds) {
      const value = Math.min(Math.max(0, Math.round(microseconds)), Number.MAX_SAFE_INTEGER);
      if (Number.isNaN(value)) return;
      buckets ??= new Uint32Array(BUCKETS);
      const bucket = bucketOf(value);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
      count += 1;
      max = Math.max(max, value);
    },
    quantile(share) {
      if (buckets === null) return null;
      const rank = Math.ceil(share * count);
      let seen = 0;
      for (const [bucket, inIt] of buckets.entries()) {
        seen += inIt;
        if (seen >= rank) return Math.min(max, lastOf(bucket));
      }
      return max;
    },
  };
}

function bucketOf(value: number): number {
  if (value < STEPS) return value;
  const shift = Math.floor(Math.log2(value)) - STEP_BITS;
  return shift * STEPS + Math.floor(value / 2 ** shift);
}

/** The largest value of a bucket. */
function lastOf(bucket: number): number {
  if (bucket < STEPS) return bucket;
  const shift = Math.floor(bucket / STEPS) - 1;
  return (STEPS + (bucket % STEPS) + 1) * 2 ** shift - 1;
}
