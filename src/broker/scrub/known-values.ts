import type { Needle } from './forms.ts';
import type { Match } from './match.ts';

/**
 * Longer needles are looked for in parts of this length, in bytes: what has to be held of a stream, and what a
 * comparison can cost, stays bounded. Parts that touch are masked as one.
 */
const LONGEST_PART = 1_024;
/** Needles are told apart first by their first 4 bytes, read as one number. */
const PREFIX_BYTES = 4;
/** Bits of the filter's size: it has a byte for each of the 2^bits values of a prefix's hash. */
const FEWEST_FILTER_BITS = 12;
const MOST_FILTER_BITS = 20;
/** Multiplicative hashing: 2^32 divided by the golden ratio (D. Knuth, TAOCP 3, 6.4). */
const GOLDEN = 0x9e3779b1;

/** All needles, ready to be looked for. */
export interface KnownValues {
  /** Length of the longest part that is looked for, in bytes; 0 where there is none. */
  readonly longest: number;
  /**
   * Reports the longest needle at each place from `from` up to and without `to`. A needle ends within `bytes`; where
   * more bytes may follow, `to` leaves room for the longest one and a byte more.
   */
  find(bytes: Uint8Array, from: number, to: number, report: (match: Match) => void): void;
  /** Whether what follows these bytes could make a needle of their end, or decide whether one there counts. */
  mayContinue(bytes: Uint8Array): boolean;
}

/** Needles with the same first bytes, in the order of their bytes. */
interface Bucket {
  readonly needles: readonly Needle[];
  /** For each the place of the longest other one with which it begins, or -1. */
  readonly shorter: readonly number[];
}

/**
 * Builds the index. It holds the needles themselves and little more: a filter by the hash of the first 4 bytes, which
 * nearly all of an ordinary text fails, and behind it the needles by those bytes, in order, for a binary search.
 * @param needles each of at least 4 bytes
 */
export function indexKnownValues(needles: readonly Needle[]): KnownValues {
  const parts = new Map<string, Needle>();
  for (const part of needles.flatMap(partsOf)) {
    const key = Buffer.from(part.bytes).toString('latin1');
    if (!parts.has(key)) parts.set(key, part);
  }
  const buckets = sortIntoBuckets([...parts.values()]);
  const bits = Math.min(
    MOST_FILTER_BITS,
    Math.max(FEWEST_FILTER_BITS, Math.ceil(Math.log2(buckets.size * 16))),
  );
  const shift = 32 - bits;
  const filter = new Uint8Array(2 ** bits);
  for (const prefix of buckets.keys()) filter[Math.imul(prefix, GOLDEN) >>> shift] = 1;
  const longest = [...parts.values()].reduce((length, { bytes }) => Math.max(length, bytes.length), 0);

  function find(bytes: Uint8Array, from: number, to: number, report: (match: Match) => void): void {
    if (longest === 0) return;
    const end = Math.min(to, bytes.length - PREFIX_BYTES + 1);
    let prefix = 0;
    for (let at = from; at < from + PREFIX_BYTES - 1; at += 1) prefix = (prefix << 8) | (bytes[at] ?? 0);
    for (let at = from; at < end; at += 1) {
      prefix = (prefix << 8) | (bytes[at + PREFIX_BYTES - 1] ?? 0);
      if (filter[Math.imul(prefix, GOLDEN) >>> shift] === 0) continue;
      const bucket = buckets.get(prefix);
      const needle = bucket === undefined ? undefined : longestAt(bucket, bytes, at);
      if (needle !== undefined) report({ start: at, end: at + needle.bytes.length, name: needle.name });
    }
  }

  const beginnings = beginningsOf(buckets);
  function mayContinue(bytes: Uint8Array): boolean {
    let rest = 0;
    for (let length = 1; length <= Math.min(longest, bytes.length); length += 1) {
      const at = bytes.length - length;
      rest = (rest >>> 8) | ((bytes[at] ?? 0) << 24);
      if (length < PREFIX_BYTES) {
        if (beginnings.has(beginning(rest, length))) return true;
      } else if (filter[Math.imul(rest, GOLDEN) >>> shift] !== 0) {
        const bucket = buckets.get(rest);
        if (bucket !== undefined && isOpenAt(bucket, bytes, at)) return true;
      }
    }
    return false;
  }
  return { longest, find, mayContinue };
}

/** The first bytes of a prefix, fewer than all, as one number that tells how many they are. */
function beginning(prefix: number, length: number): number {
  return length * 2 ** 24 + (prefix >>> (32 - 8 * length));
}

function beginningsOf(buckets: ReadonlyMap<number, Bucket>): ReadonlySet<number> {
  return new Set(
    [...buckets.keys()].flatMap((prefix) => [1, 2, 3].map((length) => beginning(prefix, length))),
  );
}

/** Whether a needle begins with all that is left of the text and does not end there for sure. */
function isOpenAt({ needles }: Bucket, bytes: Uint8Array, at: number): boolean {
  const rest = bytes.subarray(at);
  let low = 0;
  let high = needles.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (Buffer.compare(needles[middle]?.bytes ?? rest, rest) < 0) low = middle + 1;
    else high = middle;
  }
  // In order, those that begin with the rest follow each other; the rest itself is the first of them.
  return [needles[low], needles[low + 1]].some(
    (needle) =>
      needle !== undefined &&
      (needle.bytes.length > rest.length || needle.wholeToken) &&
      Buffer.compare(needle.bytes.subarray(0, rest.length), rest) === 0,
  );
}

function partsOf(needle: Needle): Needle[] {
  const { length } = needle.bytes;
  const count = Math.ceil(length / LONGEST_PART);
  if (count <= 1) return [needle];
  const size = Math.ceil(length / count);
  return Array.from({ length: count }, (_, part) => ({
    ...needle,
    // The last one may overlap the one before, so that it is no shorter.
    bytes: needle.bytes.subarray(Math.min(part * size, length - size), Math.min((part + 1) * size, length)),
  }));
}

function sortIntoBuckets(needles: readonly Needle[]): Map<number, Bucket> {
  const groups = Map.groupBy(needles, ({ bytes }) => Buffer.from(bytes).readInt32BE());
  const buckets = new Map<number, Bucket>();
  for (const [prefix, group] of groups) {
    const sorted = group.toSorted((one, other) => Buffer.compare(one.bytes, other.bytes));
    const shorter: number[] = [];
    for (const [index, { bytes }] of sorted.entries()) {
      let at = index - 1;
      while (at >= 0 && !isAt(sorted[at], bytes, 0)) at = shorter[at] ?? -1;
      shorter.push(at);
    }
    buckets.set(prefix, { needles: sorted, shorter });
  }
  return buckets;
}

/** The last needle that is not after the text in order; all that the text begins with, it begins with too. */
function longestAt({ needles, shorter }: Bucket, bytes: Uint8Array, at: number): Needle | undefined {
  let low = 0;
  let high = needles.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const needle = needles[middle];
    if (needle !== undefined && compareAt(needle, bytes, at) <= 0) low = middle + 1;
    else high = middle;
  }
  for (let index = low - 1; index >= 0; index = shorter[index] ?? -1) {
    const needle = needles[index];
    if (isAt(needle, bytes, at) && hasBorders(needle, bytes, at)) return needle;
  }
  return undefined;
}

/** Below 0: before the text at that place in order; 0: the text begins with it; above 0: after. */
function compareAt(needle: Needle, bytes: Uint8Array, at: number): number {
  const text = bytes.subarray(at, at + needle.bytes.length);
  return Buffer.compare(needle.bytes, text);
}

function isAt(needle: Needle | undefined, bytes: Uint8Array, at: number): needle is Needle {
  return needle !== undefined && compareAt(needle, bytes, at) === 0;
}

function hasBorders({ bytes: { length }, wholeToken }: Needle, bytes: Uint8Array, at: number): boolean {
  return !wholeToken || !(isWord(bytes[at - 1]) || isWord(bytes[at + length]));
}

function isWord(byte: number | undefined): boolean {
  return byte !== undefined && /[A-Za-z0-9_]/.test(String.fromCharCode(byte));
}
