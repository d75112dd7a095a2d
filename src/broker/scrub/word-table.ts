/** Makes an ASCII letter lower case; what else it makes alike is told apart by the comparison of all bytes. */
const FOLD = 0x20;
export const FOLDS = 0x20202020;
const ALL_BITS = -1;
/** Words are told apart first by so many bytes, or all of a shorter one. */
export const PREFIX_BYTES = 4;
/** Multiplicative hashing: 2^32 divided by the golden ratio (D. Knuth, TAOCP 3, 6.4). */
export const GOLDEN = 0x9e3779b1;
/** The table has room for at least so many times as many words, so that few share a place. */
const ROOM = 2;
/** Of so many bytes behind the prefix it is kept which ones words go on with. */
export const FOLLOWING_BYTES = 4;
/** So many numbers tell how a word begins. */
const BEGINNING = 3;

/** Words one after the other, as bytes. */
export interface Words {
  readonly bytes: Uint8Array;
  /** Where each begins, and behind them where the last one ends. */
  readonly begins: Int32Array;
}

/** Gets the number of a word and its place; returns whether to stop there. */
export type Found = (word: number, at: number) => boolean;

/** What is behind the prefixes of words. */
export interface Following {
  /**
   * For each hash of a prefix, and each of the bytes behind that, a bit for each value of the low 5 bits with which words
   * go on; all bits where one has ended.
   */
  readonly goesOn: Int32Array;
  /** The hash is the upper bits of the product of the prefix, with `FOLDS`, and `GOLDEN`: what is left of this shift. */
  readonly shift: number;
}

/** Words by the bytes with which they begin. */
export interface WordTable {
  readonly following: Following;
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
  const slotOf = (word: number): number =>
    Math.imul(fourBytes(letters, begins[word] ?? 0) & mask, GOLDEN) >>> shift;
  /** For each hash where its words end, and the next one's begin. Those of one stand side by side, the last one first. */
  const ends = new Uint16Array(2 ** bits + 1);
  const goesOn = new Int32Array(FOLLOWING_BYTES << bits);
  for (const word of numbers) ends[slotOf(word)] = (ends[slotOf(word)] ?? 0) + 1;
  for (let slot = 1; slot < ends.length; slot += 1) ends[slot] = (ends[slot] ?? 0) + (ends[slot - 1] ?? 0);
  const firsts = ends.slice();
  const wordAt = new Int32Array(numbers.length);
  /** Of each word its prefix, what follows, and how much of that counts. */
  const beginnings = new Int32Array(BEGINNING * numbers.length);
  for (const word of numbers) {
    const slot = slotOf(word);
    const begin = begins[word] ?? 0;
    const length = (begins[word + 1] ?? 0) - begin;
    const place = (firsts[slot] ?? 0) - 1;
    firsts[slot] = place;
    wordAt[place] = word;
    const followingMask = maskOf(length - PREFIX_BYTES);
    beginnings[BEGINNING * place] = fourBytes(letters, begin) & mask;
    beginnings[BEGINNING * place + 1] = fourBytes(letters, begin + PREFIX_BYTES) & followingMask;
    beginnings[BEGINNING * place + 2] = followingMask;
    for (let index = 0; index < FOLLOWING_BYTES; index += 1) {
      const behind = PREFIX_BYTES + index;
      const bit = behind < length ? 1 << (letters[begin + behind] ?? 0) : ALL_BITS;
      goesOn[FOLLOWING_BYTES * slot + index] = (goesOn[FOLLOWING_BYTES * slot + index] ?? 0) | bit;
    }
  }

  return {
    following: { goesOn, shift },
    lookUp(bytes, at, to, found) {
      const prefix = fourBytes(bytes, at) & mask;
      const slot = Math.imul(prefix, GOLDEN) >>> shift;
      const [first, end] = [firsts[slot] ?? 0, ends[slot] ?? 0];
      if (first === end) return false;
      const following = fourBytes(bytes, at + PREFIX_BYTES);
      for (let place = first; place < end; place += 1) {
        const beginning = BEGINNING * place;
        if (beginnings[beginning] !== prefix) continue;
        if ((following & (beginnings[beginning + 2] ?? 0)) !== beginnings[beginning + 1]) continue;
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
