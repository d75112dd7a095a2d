import type { CallRules } from './admin/call-rules.ts';
import type { Needle, Seen } from './needle.ts';
import { indexNeedles, type NeedleIndex } from './needle-index.ts';

/** All needles, ready to be looked for: in the bytes as they came, and in views of them. */
export interface KnownValues extends NeedleIndex {
  readonly canonical: NeedleIndex;
  readonly dumped: NeedleIndex;
  /** An admin's rules and exceptions, which go with the values that one call looks for. */
  readonly rules?: CallRules | undefined;
}

/** @param needles each of at least 4 bytes */
export function indexKnownValues(needles: readonly Needle[]): KnownValues {
  const indexOf = (where: Seen): NeedleIndex =>
    indexNeedles(needles.filter(({ seen = 'bytes' }) => seen === where));
  return { ...indexOf('bytes'), canonical: indexOf('canonical'), dumped: indexOf('dumped') };
}
