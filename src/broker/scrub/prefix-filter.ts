/** The filter has a bit for each of the 2^bits values of a prefix's hash, and so many values for each prefix. */
const FEWEST_FILTER_BITS = 13;
const MOST_FILTER_BITS = 22;
const SPACE_OF_PREFIX = 128;
/** Multiplicative hashing: 2^32 divided by the golden ratio (D. Knuth, TAOCP 3, 6.4). */
export const GOLDEN = 0x9e3779b1;

/** A bit for each hash of 4 bytes, the hash being the upper bits of their product with `GOLDEN`. */
export interface PrefixFilter {
  readonly bits: Int32Array;
  readonly shift: number;
}

export function filterOf(prefixes: Uint32Array): PrefixFilter {
  const size = Math.min(
    MOST_FILTER_BITS,
    Math.max(FEWEST_FILTER_BITS, Math.ceil(Math.log2(prefixes.length * SPACE_OF_PREFIX + 1))),
  );
  const shift = 32 - size;
  const bits = new Int32Array(2 ** (size - 5));
  for (const prefix of prefixes) {
    const hash = Math.imul(prefix, GOLDEN) >>> shift;
    bits[hash >>> 5] = (bits[hash >>> 5] ?? 0) | (1 << (hash & 31));
  }
  return { bits, shift };
}

/** The next place up to and without `to`, or `to`, whose 4 bytes are as the filter says of those that are looked for. */
export function nextLikely(filter: PrefixFilter, bytes: Uint8Array, from: number, to: number): number {
  const { bits, shift } = filter;
  if (from >= to) return to;
  let prefix = prefixAt(bytes, from) >>> 8;
  for (let at = from; at < to; at += 1) {
    prefix = (prefix << 8) | (bytes[at + 3] ?? 0);
    const hash = Math.imul(prefix, GOLDEN) >>> shift;
    if ((((bits[hash >>> 5] ?? 0) >>> (hash & 31)) & 1) === 1) return at;
  }
  return to;
}

/** 4 bytes as one number. */
export function prefixAt(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] ?? 0) << 24) |
    ((bytes[at + 1] ?? 0) << 16) |
    ((bytes[at + 2] ?? 0) << 8) |
    (bytes[at + 3] ?? 0)
  );
}
