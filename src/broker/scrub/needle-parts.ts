import type { Needle } from './needle.ts';

/**
 * Longer needles are looked for in parts of this length, in bytes: what has to be held of a stream, and what a
 * comparison can cost, stays bounded. Parts that touch are masked as one.
 */
const LONGEST_PART = 512;

export interface Part extends Needle {
  readonly goesOn: boolean;
}

/** Each once, in the order of their bytes. */
export function sortedParts(needles: readonly Needle[]): Part[] {
  const parts = new Map<string, Part>();
  for (const part of needles.flatMap(partsOf)) {
    const key = Buffer.from(part.bytes).toString('latin1');
    const other = parts.get(key);
    // One that counts anywhere stands for one that counts under a condition, and an end for what goes on.
    const isBetter = other === undefined || (isConditional(other) && !isConditional(part));
    if (isBetter || (other.goesOn && !part.goesOn)) parts.set(key, part);
  }
  return [...parts.values()].toSorted((one, other) => Buffer.compare(one.bytes, other.bytes));
}

function isConditional({ wholeToken, encodes }: Needle): boolean {
  return wholeToken || encodes !== undefined;
}

function partsOf(needle: Needle): Part[] {
  const { length } = needle.bytes;
  const count = Math.ceil(length / LONGEST_PART);
  if (count <= 1) return [{ ...needle, goesOn: false }];
  const size = Math.ceil(length / count);
  return Array.from({ length: count }, (_, part) => ({
    ...needle,
    // The last one may overlap the one before, so that it is no shorter.
    bytes: needle.bytes.subarray(Math.min(part * size, length - size), Math.min((part + 1) * size, length)),
    goesOn: part < count - 1,
  }));
}

/** For each the place of the longest other one with which it begins, or -1. */
export function shorterOnes(parts: readonly Part[]): Int32Array {
  const shorter = new Int32Array(parts.length).fill(-1);
  for (const [at, { bytes }] of parts.entries()) {
    let other = at - 1;
    while (other >= 0 && !startsWith(bytes, parts[other]?.bytes)) other = shorter[other] ?? -1;
    shorter[at] = other;
  }
  return shorter;
}

function startsWith(bytes: Uint8Array, beginning: Uint8Array | undefined): boolean {
  return (
    beginning !== undefined &&
    beginning.length <= bytes.length &&
    Buffer.compare(bytes.subarray(0, beginning.length), beginning) === 0
  );
}

/** The prefixes that occur, in order, and the first part with each; behind the last how many parts there are. */
export function groupByPrefix(parts: readonly Part[]): { prefixes: Uint32Array; firsts: Uint32Array } {
  const all = parts.map(({ bytes }) => Buffer.from(bytes).readUInt32BE());
  const firsts = all.flatMap((prefix, at) => (prefix === all[at - 1] ? [] : [at]));
  return {
    prefixes: Uint32Array.from(firsts, (first) => all[first] ?? 0),
    firsts: Uint32Array.of(...firsts, parts.length),
  };
}
