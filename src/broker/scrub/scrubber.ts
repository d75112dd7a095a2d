import type { JsonValue } from '../../shared/json-value.ts';
import type { LinesBeside } from './beside/lines-beside.ts';
import { scrubBytes } from './bytes-in-turns.ts';
import { formsOf, type KnownSecret } from './forms.ts';
import { indexKnownValues, type KnownValues } from './known-values.ts';
import { mayHoldSecret } from './may-hold-secret.ts';
import { type Counting, scrubText } from './scrub-text.ts';
import { scrubPointer, scrubValue } from './scrub-value.ts';
import { createScrubStream, type ScrubCounts, type ScrubStream } from './stream.ts';
import { atOnce, inTurns } from './turns.ts';

export type { KnownSecret } from './forms.ts';
export type { ScrubCounts, ScrubStream } from './stream.ts';

/** No driver byte reaches a caller or a log before this has seen it (invariant 10). */
export interface Scrubber {
  stream(): ScrubStream;
  /** @param isCut whether more came and was dropped: then what may be the beginning of a secret is dropped too */
  bytes(bytes: Uint8Array, isCut?: boolean): ScrubbedBytes;
  /** The same, turn by turn where they are many, so that nobody has to wait for all of them. */
  bytesInTurns(bytes: Uint8Array, isCut: boolean): Promise<ScrubbedBytes>;
  text(text: string): { readonly text: string; readonly counts: ScrubCounts };
  /** Strings, numbers and names of members; the structure survives. */
  value(value: JsonValue): ScrubbedValue;
  /** The same, turn by turn where it is large, so that nobody has to wait for all of it. */
  valueInTurns(value: JsonValue): Promise<ScrubbedValue>;
  /** Whether a value that was parsed from this JSON text may hold a secret: where not, it needs no look. */
  mayHoldSecret(json: Uint8Array): boolean;
  /** The names in a JSON pointer, which stays one. */
  pointer(pointer: string): { readonly pointer: string; readonly counts: ScrubCounts };
}

export interface ScrubbedBytes {
  readonly bytes: Buffer;
  /** Of the given bytes so many were passed on or replaced. */
  readonly passed: number;
  readonly counts: ScrubCounts;
}

export interface ScrubbedValue {
  readonly value: JsonValue;
  readonly counts: ScrubCounts;
}

/** @throws Error where a known value is too short to be told from ordinary text */
export function createScrubber(secrets: readonly KnownSecret[]): Scrubber {
  return createScrubberOf(indexSecrets(secrets));
}

/** @throws Error where a known value is too short to be told from ordinary text */
export function indexSecrets(secrets: readonly KnownSecret[]): KnownValues {
  return indexKnownValues(secrets.flatMap(formsOf));
}

/**
 * A scrubber with an index that was built before.
 * @param beside looks at the lines of long texts that are scrubbed turn by turn
 */
export function createScrubberOf(known: KnownValues, beside: LinesBeside | null = null): Scrubber {
  return {
    stream: () => createScrubStream(known),
    bytes(given, isCut = false) {
      const stream = createScrubStream(known);
      const bytes = atOnce(scrubBytes(stream, given, isCut));
      return { bytes, passed: stream.passed, counts: stream.counts };
    },
    async bytesInTurns(given, isCut) {
      const stream = createScrubStream(known);
      const bytes = await inTurns(scrubBytes(stream, given, isCut));
      return { bytes, passed: stream.passed, counts: stream.counts };
    },
    text(given) {
      const counts: Counting = new Map();
      return { text: scrubText(known, given, counts), counts };
    },
    value(given) {
      const counts: Counting = new Map();
      return { value: atOnce(scrubValue(known, given, counts, null)), counts };
    },
    async valueInTurns(given) {
      const counts: Counting = new Map();
      return { value: await inTurns(scrubValue(known, given, counts, beside)), counts };
    },
    mayHoldSecret: (json) => mayHoldSecret(known, json),
    pointer(given) {
      const counts: Counting = new Map();
      return { pointer: scrubPointer(known, given, counts), counts };
    },
  };
}
