import { type Found, PREFIX_BYTES, tableOf, type WordTable } from './word-table.ts';

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
 * processor's cache, and of an ordinary text 93 of 100 places fail it even with thousands of words.
 * @param words ASCII in lower case, each of at least 3 characters
 * @throws Error where one is shorter
 */
export function createKeywords(words: readonly string[]): Keywords {
  const isUsed = new Int32Array(INDEX_MASK + 1);
  const [long, short] = tablesOf(words, isUsed);

  /** Calls back at each keyword until that returns true; returns the place of that one, or -1. */
  function search(bytes: Uint8Array, from: number, to: number, found: Found): number {
    let lowBits = 0;
    // No read is beyond the end, here and in the tables: V8 makes slower code of those that may be.
    const lastBegin = to - PREFIX_BYTES;
    for (let at = from; at < Math.min(to, from + PREFIX_BYTES - 1); at += 1)
      lowBits = (lowBits << BITS) | ((bytes[at] ?? 0) & LOW_BITS);
    for (let start = from; start <= lastBegin; start += 1) {
      const last = (bytes[start + PREFIX_BYTES - 1] ?? 0) & LOW_BITS;
      lowBits &= INDEX_MASK;
      const isCandidate = ((isUsed[lowBits] ?? 0) >>> last) & 1;
      lowBits = (lowBits << BITS) | last;
      if (isCandidate === 0) continue;
      if (long.lookUp(bytes, start, to, found) || short.lookUp(bytes, start, to, found)) return start;
    }
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
