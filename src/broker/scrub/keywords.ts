import {
  FOLDS,
  FOLLOWING_BYTES,
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

/** Finds many words at once, in upper or lower case, in one pass over the bytes. */
export interface Keywords {
  /** The first place at which a keyword begins, or -1. Keywords end before `to`. */
  next(bytes: Uint8Array, from: number, to: number): number;
  /** Tells the number of each keyword in that range and its place, in the order of the places. */
  all(bytes: Uint8Array, from: number, to: number, found: (keyword: number, at: number) => void): void;
}

/**
 * In front of the words there is a table of 128 KB with a bit for each value of a prefix's low bits: it lies in the
 * processor's cache, and of an ordinary text 91 of 100 places fail it even with thousands of words. Of the others three
 * quarters fail by the 4 bytes behind: most words begin as many others do.
 * @param words ASCII in lower case, each of at least 3 characters
 * @throws Error where one is shorter
 */
export function createKeywords(words: readonly string[]): Keywords {
  const isUsed = new Int32Array(INDEX_MASK + 1);
  const [long, short] = tablesOf(words, isUsed);

  /** Calls back at each keyword until that returns true; returns the place of that one, or -1. */
  function search(bytes: Uint8Array, from: number, to: number, found: Found): number {
    // No read is beyond the end, here and in the tables: V8 makes slower code of those that may be.
    const lastBegin = to - PREFIX_BYTES;
    const lastFollowed = Math.min(lastBegin, bytes.length - PREFIX_BYTES - FOLLOWING_BYTES);
    const { goesOn, shift } = long.following;
    let lowBits = indexAt(bytes, from);
    let at = from;
    for (; at <= lastFollowed; at += 1) {
      const fourth = (bytes[at + 3] ?? 0) & LOW_BITS;
      const used = isUsed[lowBits & INDEX_MASK] ?? 0;
      lowBits = (lowBits << BITS) | fourth;
      if (((used >>> fourth) & 1) === 0) continue;
      const prefix =
        (bytes[at] ?? 0) |
        ((bytes[at + 1] ?? 0) << 8) |
        ((bytes[at + 2] ?? 0) << 16) |
        ((bytes[at + 3] ?? 0) << 24) |
        FOLDS;
      const slot = FOLLOWING_BYTES * (Math.imul(prefix, GOLDEN) >>> shift);
      // A shift takes the low 5 bits of its count.
      const mayGoOn =
        ((goesOn[slot] ?? 0) >>> (bytes[at + 4] ?? 0)) &
        ((goesOn[slot + 1] ?? 0) >>> (bytes[at + 5] ?? 0)) &
        ((goesOn[slot + 2] ?? 0) >>> (bytes[at + 6] ?? 0)) &
        ((goesOn[slot + 3] ?? 0) >>> (bytes[at + 7] ?? 0));
      if ((mayGoOn & 1) === 1 && long.lookUp(bytes, at, to, found)) return at;
      if (used === ALL_BITS && short.lookUp(bytes, at, to, found)) return at;
    }
    for (; at <= lastBegin; at += 1)
      if (long.lookUp(bytes, at, to, found) || short.lookUp(bytes, at, to, found)) return at;
    const shortBegin = to - SHORTEST;
    return shortBegin >= from && short.lookUp(bytes, shortBegin, to, found) ? shortBegin : -1;
  }

  return {
    next: (bytes, from, to) => search(bytes, from, to, () => true),
    all(bytes, from, to, found) {
      search(bytes, from, to, (keyword, at) => {
        found(keyword, at);
        return false;
      });
    },
  };
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
