import { hasBorders, isEncoded } from './borders.ts';
import type { Match } from './match.ts';
import type { Needle } from './needle.ts';
import { groupByPrefix, shorterOnes, sortedParts } from './needle-parts.ts';
import { filterOf, nextLikely, type PrefixFilter, prefixAt } from './prefix-filter.ts';

/** Needles are told apart first by their first 4 bytes, read as one number. */
const PREFIX_BYTES = 4;
/** The beginning of a needle at the end of all bytes is masked from this length on, or where it is half of the needle. */
const TELLING_BYTES = 8;

/** All needles of one kind, ready to be looked for. */
export interface NeedleIndex {
  /** Length of the longest part that is looked for, in bytes; 0 where there is none. */
  readonly longest: number;
  /**
   * Reports the longest needle at each place from `from` up to and without `to`. A needle ends within `bytes`; where
   * more bytes may follow, `to` leaves room for the longest one and what decides about its borders.
   * @param report `goesOn` tells that it is a part of a needle, and not the last one
   */
  find(bytes: Uint8Array, from: number, to: number, report: (match: Match, goesOn: boolean) => void): void;
  /**
   * Whether what follows these bytes could make a needle of their end, or decide whether one there counts.
   * @param fewest ends of needles that are shorter do not matter, in bytes
   */
  mayContinue(bytes: Uint8Array, fewest?: number): boolean;
  /** Whether a needle begins with these 4 bytes, read as one number. */
  begins(prefix: number): boolean;
  /** Where a prefix's bit is not set in this, no needle begins with it: see `hashOf`. */
  readonly filter: PrefixFilter;
  /** The end of the bytes where it is a telling beginning of a needle that was cut off there. */
  unfinished(bytes: Uint8Array): Match | null;
}

/**
 * Builds the index. It holds the needles themselves, in order, and little more: a filter by the hash of the first 4
 * bytes, which nearly all of an ordinary text fails, and behind it a binary search.
 * @param needles each of at least 4 bytes
 */
export function indexNeedles(needles: readonly Needle[]): NeedleIndex {
  const parts = sortedParts(needles);
  const longest = parts.reduce((length, { bytes }) => Math.max(length, bytes.length), 0);
  const all = Buffer.concat(parts.map(({ bytes }) => bytes));
  const bounds = new Uint32Array(parts.length + 1);
  for (const [at, { bytes }] of parts.entries()) bounds[at + 1] = (bounds[at] ?? 0) + bytes.length;
  const names = parts.map(({ name }) => name);
  /** Few count only under a condition, or go on. */
  const special = new Map(
    parts.flatMap((part, at) =>
      part.wholeToken || part.goesOn || part.encodes !== undefined ? [[at, part]] : [],
    ),
  );
  const shorter = shorterOnes(parts);
  const { prefixes, firsts } = groupByPrefix(parts);
  const filter = filterOf(prefixes);

  const lengthOf = (needle: number): number => (bounds[needle + 1] ?? 0) - (bounds[needle] ?? 0);

  /** The first group whose prefix is not below this one. */
  function groupFrom(prefix: number): number {
    let low = 0;
    let high = prefixes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((prefixes[middle] ?? 0) < prefix) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function groupOf(prefix: number): number {
    const group = groupFrom(prefix >>> 0);
    return prefixes[group] === prefix >>> 0 ? group : -1;
  }

  function counts(needle: number, bytes: Uint8Array, at: number): boolean {
    const part = special.get(needle);
    if (part === undefined) return true;
    if (part.encodes !== undefined) return isEncoded(part.encodes, bytes, at, at + lengthOf(needle));
    return !part.wholeToken || hasBorders(bytes, at, at + lengthOf(needle));
  }

  /**
   * The longest needle at this place: the last one that is not after the text in order, or one with which that begins.
   * How much of the text both neighbours of those left begin with need not be compared again (U. Manber, G. Myers,
   * Suffix arrays, 1993).
   */
  function longestAt(group: number, bytes: Uint8Array, at: number): number {
    const first = firsts[group] ?? 0;
    let low = first;
    let high = firsts[group + 1] ?? 0;
    let alikeBefore = PREFIX_BYTES;
    let alikeBehind = PREFIX_BYTES;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const begin = bounds[middle] ?? 0;
      const length = (bounds[middle + 1] ?? 0) - begin;
      const end = Math.min(length, bytes.length - at);
      let alike = Math.min(alikeBefore, alikeBehind);
      while (alike < end && all[begin + alike] === bytes[at + alike]) alike += 1;
      if (alike === length || (alike < end && (all[begin + alike] ?? 0) < (bytes[at + alike] ?? 0))) {
        low = middle + 1;
        alikeBefore = alike;
      } else {
        high = middle;
        alikeBehind = alike;
      }
    }
    for (let needle = low - 1; needle >= first; needle = shorter[needle] ?? -1)
      if (lengthOf(needle) <= alikeBefore && counts(needle, bytes, at)) return needle;
    return -1;
  }

  function find(
    bytes: Uint8Array,
    from: number,
    to: number,
    report: (match: Match, goesOn: boolean) => void,
  ): void {
    if (longest === 0) return;
    const end = Math.min(to, bytes.length - PREFIX_BYTES + 1);
    for (
      let at = nextLikely(filter, bytes, from, end);
      at < end;
      at = nextLikely(filter, bytes, at + 1, end)
    ) {
      const group = groupOf(prefixAt(bytes, at));
      if (group < 0) continue;
      const needle = longestAt(group, bytes, at);
      if (needle >= 0)
        report(
          { start: at, end: at + lengthOf(needle), name: names[needle] ?? '' },
          special.get(needle)?.goesOn === true,
        );
    }
  }

  /** The needles that begin with all that is left of the text, as the first of them and the one behind the last. */
  function beginningWith(group: number, bytes: Uint8Array, at: number): [number, number] {
    const length = bytes.length - at;
    const isBefore = (needle: number, orAlike: boolean): boolean => {
      const begin = bounds[needle] ?? 0;
      const order = all.compare(bytes, at, bytes.length, begin, begin + Math.min(length, lengthOf(needle)));
      return order < 0 || (orAlike && order === 0);
    };
    const search = (orAlike: boolean): number => {
      let low = firsts[group] ?? 0;
      let high = firsts[group + 1] ?? 0;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (isBefore(middle, orAlike)) low = middle + 1;
        else high = middle;
      }
      return low;
    };
    return [search(false), search(true)];
  }

  /** Calls back for each end of the bytes with which needles begin, the shortest first, until that returns true. */
  function someEnd(
    bytes: Uint8Array,
    fewest: number,
    accept: (at: number, needles: readonly [number, number]) => boolean,
  ): boolean {
    let rest = 0;
    for (let length = 1; length <= Math.min(longest, bytes.length); length += 1) {
      const at = bytes.length - length;
      rest = (rest >>> 8) | ((bytes[at] ?? 0) << 24);
      if (length < fewest) continue;
      if (length < PREFIX_BYTES) {
        const group = groupFrom(rest >>> 0);
        const drop = 32 - 8 * length;
        if (group < prefixes.length && (prefixes[group] ?? 0) >>> drop === rest >>> drop) {
          const first = firsts[group] ?? 0;
          if (accept(at, [first, first + 1])) return true;
        }
      } else {
        const group = groupOf(rest);
        if (group < 0) continue;
        const needles = beginningWith(group, bytes, at);
        if (needles[0] < needles[1] && accept(at, needles)) return true;
      }
    }
    return false;
  }

  /** In order, the shortest of those that begin alike is the first; it may be the end itself. */
  function isOpen(end: number, [first, behind]: readonly [number, number]): boolean {
    if (behind - first > 1 || lengthOf(first) > end) return true;
    return special.has(first);
  }

  return {
    longest,
    find,
    filter,
    begins: (prefix) => groupOf(prefix) >= 0,
    mayContinue: (bytes, fewest = 1) =>
      someEnd(bytes, fewest, (at, needles) => isOpen(bytes.length - at, needles)),
    unfinished(bytes) {
      let found: Match | null = null;
      someEnd(bytes, PREFIX_BYTES, (at, [first, behind]) => {
        const length = bytes.length - at;
        for (let needle = first; needle < behind; needle += 1) {
          const isTelling = length >= TELLING_BYTES || 2 * length >= lengthOf(needle);
          if (!isTelling || lengthOf(needle) <= length) continue;
          if (special.get(needle)?.wholeToken === true && !hasBorders(bytes, at, bytes.length)) continue;
          found = { start: at, end: bytes.length, name: names[needle] ?? '' };
          break;
        }
        return false;
      });
      return found;
    },
  };
}
