/** Most buckets at once, a few dozen bytes each: uids times methods that were called within the last minutes. */
export const MOST_BUCKETS = 65_536;
const MINUTE_MS = 60_000;

/**
 * Rates as token buckets (J. Turner, New Directions in Communications, 1986): each key has a bucket that holds one
 * minute's tokens and is filled evenly, so that a burst may use up a minute's calls and then gets them as they come.
 */
export interface TokenBuckets {
  /**
   * Takes a token.
   * @param perMinute how many a full bucket holds, and how many come in a minute; at least 1
   * @returns 0 where there was one, else after how many milliseconds there will be, at least 1
   */
  take(key: string, perMinute: number): number;
  /** How many tokens a bucket holds; takes none. */
  left(key: string, perMinute: number): number;
  readonly size: number;
}

interface Bucket {
  readonly tokens: number;
  readonly at: number;
  readonly perMinute: number;
}

/**
 * @param now milliseconds of a clock that never goes back
 * @param most buckets; where all are in use, none of them full, a new key has to wait for one
 */
export function createTokenBuckets(
  now: () => number = () => performance.now(),
  most: number = MOST_BUCKETS,
): TokenBuckets {
  const buckets = new Map<string, Bucket>();
  // A Map iterates in the order of insertion: what comes first is what was used longest ago. The iterator goes on where it
  // was, since a new one passes over the places of all that were taken out, each time.
  let order = buckets.entries();
  let oldest: readonly [string, Bucket] | undefined;
  /** It is the last already, and stays that. */
  let newest = '';

  function filled({ tokens, at, perMinute }: Bucket, limit: number): number {
    return Math.min(limit, tokens + ((now() - at) * perMinute) / MINUTE_MS);
  }

  /** One that was used again is another value, further on. */
  function usedLongestAgo(): readonly [string, Bucket] | undefined {
    while (buckets.size > 0 && (oldest === undefined || buckets.get(oldest[0]) !== oldest[1])) {
      const next = order.next();
      oldest = next.value;
      if (next.done) order = buckets.entries();
    }
    return oldest;
  }

  /** Forgets the bucket used longest ago, of which a full one says nothing; or how long until it is full. */
  function makeRoom(): number {
    if (buckets.size < most) return 0;
    const found = usedLongestAgo();
    if (found === undefined) return 0;
    const [key, bucket] = found;
    const missing = bucket.perMinute - filled(bucket, bucket.perMinute);
    if (missing > 0) return waitFor(missing, bucket.perMinute);
    buckets.delete(key);
    return 0;
  }

  return {
    take(key, perMinute) {
      const known = buckets.get(key);
      if (known === undefined) {
        const wait = makeRoom();
        if (wait > 0) return wait;
      }
      const tokens = known === undefined ? perMinute : filled(known, perMinute);
      if (key !== newest) buckets.delete(key);
      const taken = tokens >= 1 ? 1 : 0;
      buckets.set(key, { tokens: tokens - taken, at: now(), perMinute });
      newest = key;
      return taken === 1 ? 0 : waitFor(1 - tokens, perMinute);
    },
    left(key, perMinute) {
      const known = buckets.get(key);
      return Math.floor(known === undefined ? perMinute : filled(known, perMinute));
    },
    get size() {
      return buckets.size;
    },
  };
}

function waitFor(tokens: number, perMinute: number): number {
  return Math.max(1, Math.ceil((tokens * MINUTE_MS) / perMinute));
}
