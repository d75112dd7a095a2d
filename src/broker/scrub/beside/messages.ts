import type { LineMatch } from './line-matches.ts';

/** A text to be looked at. Its bytes go to the thread, and come back. */
export interface Asked {
  readonly number: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What the thread says. */
export type Said =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'looked';
      readonly number: number;
      readonly bytes: Uint8Array<ArrayBuffer>;
      /** Null: they are too many to be told. */
      readonly matches: readonly LineMatch[] | null;
    }
  | { readonly kind: 'failed'; readonly number: number };
