/** Keywords are told apart first by their first 3 bytes. */
const PREFIX_BYTES = 3;
const TABLE_BITS = 14;
/** Multiplicative hashing: 2^32 divided by the golden ratio (D. Knuth, TAOCP 3, 6.4). */
const GOLDEN = 0x9e3779b1;
/** Makes an ASCII letter lower case; what else it makes alike is told apart by the comparison of all bytes. */
const FOLD = 0x20;
const MASK = 0xffffff;

/** Finds many words at once, in upper or lower case, in one pass over the bytes. */
export interface Keywords {
  /** The first place at which a keyword begins, or -1. Keywords end before `to`. */
  next(bytes: Uint8Array, from: number, to: number): number;
  /** Tells the number of each keyword in that range, as often as it occurs. */
  all(bytes: Uint8Array, from: number, to: number, found: (keyword: number) => void): void;
}

interface Candidate {
  readonly number: number;
  readonly bytes: Uint8Array;
}

/**
 * @param words ASCII in lower case, each of at least 3 characters
 * @throws Error where one is shorter
 */
export function createKeywords(words: readonly string[]): Keywords {
  const table: (readonly Candidate[] | undefined)[] = Array.from(
    { length: 2 ** TABLE_BITS },
    () => undefined,
  );
  const isUsed = new Uint8Array(2 ** TABLE_BITS);
  for (const [number, word] of words.entries()) {
    const bytes = Buffer.from(word);
    if (bytes.length < PREFIX_BYTES)
      throw new Error(`Cannot look for ${word}: it is too short for a keyword`);
    const slot = slotOf([...bytes.subarray(0, PREFIX_BYTES)].reduce(append, 0));
    table[slot] = [...(table[slot] ?? []), { number, bytes }];
    isUsed[slot] = 1;
  }

  /** Calls back at each keyword until that returns true; returns the place of that one, or -1. */
  function search(bytes: Uint8Array, from: number, to: number, found: (keyword: number) => boolean): number {
    let prefix = 0;
    for (let at = from; at < to; at += 1) {
      prefix = append(prefix, bytes[at] ?? 0);
      if (isUsed[slotOf(prefix)] === 0) continue;
      const start = at - PREFIX_BYTES + 1;
      if (start < from) continue;
      for (const { number, bytes: word } of table[slotOf(prefix)] ?? [])
        if (start + word.length <= to && isWordAt(word, bytes, start) && found(number)) return start;
    }
    return -1;
  }

  return {
    next: (bytes, from, to) => search(bytes, from, to, () => true),
    all(bytes, from, to, found) {
      search(bytes, from, to, (keyword) => {
        found(keyword);
        return false;
      });
    },
  };
}

function append(prefix: number, byte: number): number {
  return ((prefix << 8) | byte | FOLD) & MASK;
}

function slotOf(prefix: number): number {
  return Math.imul(prefix, GOLDEN) >>> (32 - TABLE_BITS);
}

function isWordAt(word: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let at = 0; at < word.length; at += 1) {
    const byte = bytes[start + at] ?? 0;
    const lower = byte >= 0x41 && byte <= 0x5a ? byte | FOLD : byte;
    if (lower !== word[at]) return false;
  }
  return true;
}
