import {
  FOLDS,
  FOLLOWING_BYTES,
  type Following,
  type Found,
  GOLDEN,
  PREFIX_BYTES,
  tableOf,
  type WordTable,
} from './word-table.ts';

/** Of each byte of a prefix so many low bits: those of a letter are the same in both cases. */
const BITS = 5;
const LOW_BITS = 2 ** BITS - 1;
/** What 3 bytes leave, as an index; the 32 bits of that entry are for the fourth. */
const INDEX_MASK = 2 ** (3 * BITS) - 1;
const SHORTEST = 3;
const ALL_BITS = -1;

/** So many places are looked at at once, and so many first where one keyword is enough. */
const MOST_AT_ONCE = 4_096;
const FIRST_AT_ONCE = 64;
/** What a place may be the begin of is told by the last bits of its number. */
const FLAGS = 2;
const MAY_BE_LONG = 1;
const MAY_BE_SHORT = 2;
/** Room for places while nothing is searched. */
let spare: Int32Array | null = null;

/** Finds many words at once, in upper or lower case, in one pass over the bytes. */
export interface Keywords {
  /** The first place at which a keyword begins, or -1. Keywords end before `to`. */
  next(bytes: Uint8Array, from: number, to: number): number;
  /** Tells the number of each keyword in that range and its place, in the order of the places. */
  all(bytes: Uint8Array, from: number, to: number, found: (keyword: number, at: number) => void): void;
}

/** The first bytes of words, which nearly all places of an ordinary text fail. */
interface Beginnings {
  /** A bit for each value of the low bits of the first 4 bytes. */
  readonly isUsed: Int32Array;
  readonly following: Following;
}

/**
 * In front of the words there is a table of 128 KB with a bit for each value of a prefix's low bits: it lies in the
 * processor's cache, and of an ordinary text 91 of 100 places fail it even with thousands of words. Of the others three
 * quarters fail by the 4 bytes behind: most words begin as many others do. Both are done for many places at once, without
 * a branch, since a processor cannot tell beforehand which ones fail.
 * @param words ASCII in lower case, each of at least 3 characters
 * @throws Error where one is shorter
 */
export function createKeywords(words: readonly string[]): Keywords {
  const isUsed = new Int32Array(INDEX_MASK + 1);
  const [long, short] = tablesOf(words, isUsed);
  const beginnings: Beginnings = { isUsed, following: long.following };

  /**
   * Calls back at each keyword until that returns true; returns the place of that one, or -1.
   * @param atOnce so many places are looked at before the first call
   */
  function search(bytes: Uint8Array, from: number, to: number, atOnce: number, found: Found): number {
    // No read is beyond the end, here and in the tables: V8 makes slower code of those that may be.
    const lastBegin = to - PREFIX_BYTES;
    const behindFollowed = Math.min(lastBegin, bytes.length - PREFIX_BYTES - FOLLOWING_BYTES) + 1;
    let at = from;
    for (let count = atOnce; at < behindFollowed; count = MOST_AT_ONCE) {
      const end = Math.min(at + count, behindFollowed);
      const stopped = searchPart(bytes, at, end, to, found);
      if (stopped >= 0) return stopped;
      at = end;
    }
    for (; at <= lastBegin; at += 1)
      if (long.lookUp(bytes, at, to, found) || short.lookUp(bytes, at, to, found)) return at;
    const shortBegin = to - SHORTEST;
    return shortBegin >= from && short.lookUp(bytes, shortBegin, to, found) ? shortBegin : -1;
  }

  function searchPart(bytes: Uint8Array, from: number, end: number, to: number, found: Found): number {
    // Who is called back may search too.
    const likely = spare ?? new Int32Array(MOST_AT_ONCE);
    spare = null;
    const count = keepFollowed(
      beginnings,
      bytes,
      from,
      likely,
      keepUsed(beginnings, bytes, from, end, likely),
    );
    let stopped = -1;
    for (let index = 0; index < count && stopped < 0; index += 1) {
      const place = likely[index] ?? 0;
      const at = from + (place >>> FLAGS);
      if ((place & MAY_BE_LONG) !== 0 && long.lookUp(bytes, at, to, found)) stopped = at;
      else if ((place & MAY_BE_SHORT) !== 0 && short.lookUp(bytes, at, to, found)) stopped = at;
    }
    spare = likely;
    return stopped;
  }

  return {
    next: (bytes, from, to) => search(bytes, from, to, FIRST_AT_ONCE, () => true),
    all(bytes, from, to, found) {
      search(bytes, from, to, MOST_AT_ONCE, (keyword, at) => {
        found(keyword, at);
        return false;
      });
    },
  };
}

/** Keeps in `likely` the places, counted from `from`, at which a word may begin by the low bits; returns how many. */
function keepUsed(
  { isUsed }: Beginnings,
  bytes: Uint8Array,
  from: number,
  end: number,
  likely: Int32Array,
): number {
  let lowBits = indexAt(bytes, from);
  let count = 0;
  for (let at = from; at < end; at += 1) {
    const fourth = (bytes[at + 3] ?? 0) & LOW_BITS;
    const used = isUsed[lowBits & INDEX_MASK] ?? 0;
    lowBits = (lowBits << BITS) | fourth;
    likely[count] = at - from;
    count += (used >>> fourth) & 1;
  }
  return count;
}

/** Keeps of these places those at which a word may begin by the bytes behind too, with what it may be; returns how many. */
function keepFollowed(
  { isUsed, following: { goesOn, shift } }: Beginnings,
  bytes: Uint8Array,
  from: number,
  likely: Int32Array,
  used: number,
): number {
  let count = 0;
  for (let index = 0; index < used; index += 1) {
    const place = likely[index] ?? 0;
    const at = from + place;
    const four =
      (bytes[at] ?? 0) |
      ((bytes[at + 1] ?? 0) << 8) |
      ((bytes[at + 2] ?? 0) << 16) |
      ((bytes[at + 3] ?? 0) << 24);
    const slot = FOLLOWING_BYTES * (Math.imul(four | FOLDS, GOLDEN) >>> shift);
    // A shift takes the low 5 bits of its count.
    const mayGoOn =
      ((goesOn[slot] ?? 0) >>> (bytes[at + 4] ?? 0)) &
      ((goesOn[slot + 1] ?? 0) >>> (bytes[at + 5] ?? 0)) &
      ((goesOn[slot + 2] ?? 0) >>> (bytes[at + 6] ?? 0)) &
      ((goesOn[slot + 3] ?? 0) >>> (bytes[at + 7] ?? 0)) &
      1;
    const mayBeShort = isUsed[indexAt(bytes, at)] === ALL_BITS ? 1 : 0;
    likely[count] = (place << FLAGS) | (mayBeShort << 1) | mayGoOn;
    count += mayGoOn | mayBeShort;
  }
  return count;
}

/** The low bits of the first 3 of 4 bytes. */
function indexAt(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) & LOW_BITS) << (2 * BITS)) |
    (((bytes[at + 1] ?? 0) & LOW_BITS) << BITS) |
    ((bytes[at + 2] ?? 0) & LOW_BITS)
  );
}

/** @param isUsed gets a bit for each word's prefix: where a word has but 3 bytes, for all that can follow */
function tablesOf(words: readonly string[], isUsed: Int32Array): [WordTable, WordTable] {
  const begins = new Int32Array(words.length + 1);
  const bytes = Buffer.from(words.join(''), 'latin1');
  const [long, short]: [number[], number[]] = [[], []];
  let begin = 0;
  for (const [number, word] of words.entries()) {
    if (word.length < SHORTEST) throw new Error(`Cannot look for ${word}: it is too short for a keyword`);
    const lowBits = (at: number): number => (bytes[begin + at] ?? 0) & LOW_BITS;
    const index = (lowBits(0) << (2 * BITS)) | (lowBits(1) << BITS) | lowBits(2);
    const isLong = word.length >= PREFIX_BYTES;
    isUsed[index] = isLong ? (isUsed[index] ?? 0) | (1 << lowBits(SHORTEST)) : ALL_BITS;
    (isLong ? long : short).push(number);
    begin += word.length;
    begins[number + 1] = begin;
  }
  return [tableOf({ bytes, begins }, long, PREFIX_BYTES), tableOf({ bytes, begins }, short, SHORTEST)];
}
