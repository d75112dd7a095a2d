/** How a kind of secret looks, from what its provider documents. */
export interface Rule {
  /** Stands in the mark. */
  readonly id: string;
  /**
   * ASCII in lower case, of at least 3 characters; the pattern is tried only where one of them occurs in the line.
   * One that is rare in ordinary text saves time.
   */
  readonly keywords: readonly string[];
  /** Runs on bytes as latin1, with `g` and `d`; its group `secret` is masked, or the whole match where it has none. */
  readonly pattern: RegExp;
  readonly examples: readonly string[];
  readonly counterExamples: readonly string[];
}
