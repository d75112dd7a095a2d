/** Makes an ASCII letter lower case; what else it makes alike is told apart by the comparison of all bytes. */
const FOLD = 0x20;
const FOLDS = 0x20202020;
const ALL_BITS = -1;
/** Words are told apart first by so many bytes, or all of a shorter one. */
export const PREFIX_BYTES = 4;
/** Multiplicative hashing: 2^32 divided by the golden ratio (D. Knuth, TAOCP 3, 6.4). */
const GOLDEN = 0x9e3779b1;
/** The table has room for at least so many times as many words, so that few share a place. */
const ROOM = 2;

/** Words one after the other, as bytes. */
export interface Words {
  readonly bytes: Uint8Array;
  /** Where each begins, and behind them where the last one ends. */
  readonly begins: Int32Array;
}

/** Gets the number of a word and its place; returns whether to stop there. */
export type Found = (word: number, at: number) => boolean;

/** Words by the bytes with which they begin. */
export interface WordTable {
  /**
   * Calls back for each word that stands at this place, in either case, and ends before `to`.
   * @returns whether it was told to stop
   */
  lookUp(bytes: Uint8Array, at: number, to: number, found: Found): boolean;
}

/**
 * Builds a hash table of numbers (a `Map` of lists takes several times as long to build, and for each look). Only of a
 * word whose first 8 bytes are there all bytes are compared.
 * @param words ASCII in lower case
 * @param numbers of the words that are looked for
 * @param prefixBytes 3 or 4, no more than any of these words has
 */
export function tableOf(
  { bytes: letters, begins }: Words,
  numbers: readonly number[],
  prefixBytes: number,
): WordTable {
  const mask = maskOf(prefixBytes);
  const bits = Math.max(1, Math.ceil(Math.log2((numbers.length + 1) * ROOM)));
  const shift = 32 - bits;
  /** For each hash its first word, for each word the next one with the same; as places in these lists, 0 for none. */
  const first = new Uint16Array(2 ** bits);
  const next = new Uint16Array(numbers.length + 1);
  const prefixes = new Int32Array(numbers.length + 1);
  const followings = new Int32Array(numbers.length + 1);
  const followingMasks = new Int32Array(numbers.length + 1);
  const wordAt = Int32Array.from([0, ...numbers]);
  for (let place = 1; place < wordAt.length; place += 1) {
    const word = wordAt[place] ?? 0;
    const begin = begins[word] ?? 0;
    const length = (begins[word + 1] ?? 0) - begin;
    const prefix = fourBytes(letters, begin) & mask;
    const slot = Math.imul(prefix, GOLDEN) >>> shift;
    prefixes[place] = prefix;
    followingMasks[place] = maskOf(length - PREFIX_BYTES);
    followings[place] = fourBytes(letters, begin + PREFIX_BYTES) & (followingMasks[place] ?? 0);
    next[place] = first[slot] ?? 0;
    first[slot] = place;
  }

  return {
    lookUp(bytes, at, to, found) {
      const prefix = fourBytes(bytes, at) & mask;
      let place = first[Math.imul(prefix, GOLDEN) >>> shift] ?? 0;
      if (place === 0) return false;
      const following = fourBytes(bytes, at + PREFIX_BYTES);
      for (; place !== 0; place = next[place] ?? 0) {
        if (prefixes[place] !== prefix) continue;
        if ((following & (followingMasks[place] ?? 0)) !== followings[place]) continue;
        const word = wordAt[place] ?? 0;
        const begin = begins[word] ?? 0;
        const length = (begins[word + 1] ?? 0) - begin;
        if (at + length <= to && isWordAt(letters, begin, length, bytes, at) && found(word, at)) return true;
      }
      return false;
    },
  };
}

/** So many first bytes of four, as `fourBytes` reads them. */
function maskOf(count: number): number {
  if (count >= PREFIX_BYTES) return ALL_BITS;
  return count <= 0 ? 0 : 2 ** (8 * count) - 1;
}

/** With letters in lower case, as one number. Never reads beyond the end: V8 makes slower code of what may. */
function fourBytes(bytes: Uint8Array, at: number): number {
  const { length } = bytes;
  let four = 0;
  if (at + 3 < length)
    four =
      (bytes[at] ?? 0) |
      ((bytes[at + 1] ?? 0) << 8) |
      ((bytes[at + 2] ?? 0) << 16) |
      ((bytes[at + 3] ?? 0) << 24);
  else for (let place = length - 1; place >= at; place -= 1) four = (four << 8) | (bytes[place] ?? 0);
  return four | FOLDS;
}

/** Whether these letters stand there, in either case. */
function isWordAt(
  letters: Uint8Array,
  begin: number,
  length: number,
  bytes: Uint8Array,
  at: number,
): boolean {
  for (let index = 0; index < length; index += 1) {
    const letter = letters[begin + index] ?? 0;
    const byte = bytes[at + index] ?? 0;
    if (byte !== letter && ((byte | FOLD) !== letter || byte < 0x41 || byte > 0x5a)) return false;
  }
  return true;
}
