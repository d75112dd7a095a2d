import type { LineMatch } from './line-matches.ts';

/** A text to be looked at. Its bytes go to the thread, and come back. */
export interface Asked {
  readonly number: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What came of it; without its bytes: it failed. */
export type Told =
  | {
      readonly number: number;
      readonly bytes: Uint8Array<ArrayBuffer>;
      /** Null: they are too many to be told. */
      readonly matches: readonly LineMatch[] | null;
    }
  | { readonly number: number; readonly bytes: null };
