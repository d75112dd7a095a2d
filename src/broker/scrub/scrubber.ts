import type { JsonValue } from '../../shared/json-value.ts';
import { formsOf, type KnownSecret } from './forms.ts';
import { indexKnownValues, type KnownValues } from './known-values.ts';
import { type Counting, scrubPointer, scrubText, scrubValue } from './scrub-value.ts';
import { createScrubStream, type ScrubCounts, type ScrubStream } from './stream.ts';

export type { KnownSecret } from './forms.ts';
export type { ScrubCounts, ScrubStream } from './stream.ts';

/** No driver byte reaches a caller or a log before this has seen it (invariant 10). */
export interface Scrubber {
  stream(): ScrubStream;
  bytes(bytes: Uint8Array): { readonly bytes: Buffer; readonly counts: ScrubCounts };
  text(text: string): { readonly text: string; readonly counts: ScrubCounts };
  /** Strings, numbers and names of members; the structure survives. */
  value(value: JsonValue): { readonly value: JsonValue; readonly counts: ScrubCounts };
  /** The names in a JSON pointer, which stays one. */
  pointer(pointer: string): { readonly pointer: string; readonly counts: ScrubCounts };
}

/** @throws Error where a known value is too short to be told from ordinary text */
export function createScrubber(secrets: readonly KnownSecret[]): Scrubber {
  return createScrubberOf(indexSecrets(secrets));
}

/** @throws Error where a known value is too short to be told from ordinary text */
export function indexSecrets(secrets: readonly KnownSecret[]): KnownValues {
  return indexKnownValues(secrets.flatMap(formsOf));
}

/** A scrubber with an index that was built before. */
export function createScrubberOf(known: KnownValues): Scrubber {
  return {
    stream: () => createScrubStream(known),
    bytes(given) {
      const { write, end, counts } = createScrubStream(known);
      return { bytes: Buffer.concat([write(given), end()]), counts };
    },
    text(given) {
      const counts: Counting = new Map();
      return { text: scrubText(known, given, counts), counts };
    },
    value(given) {
      const counts: Counting = new Map();
      return { value: scrubValue(known, given, counts), counts };
    },
    pointer(given) {
      const counts: Counting = new Map();
      return { pointer: scrubPointer(known, given, counts), counts };
    },
  };
}
