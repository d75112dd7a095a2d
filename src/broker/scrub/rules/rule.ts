/** How a kind of secret looks, from what its provider documents. */
export interface Rule {
  /** Stands in the mark. */
  readonly id: string;
  /**
   * ASCII in lower case, of at least 3 characters; the pattern is tried only where one of them occurs in the line, up
   * to 1,000 characters behind the beginning of a match or 4,096 before it. One that is rare in ordinary text saves
   * time, and one with which each match begins saves most: then no other place is tried.
   */
  readonly keywords: readonly string[];
  /**
   * Runs on bytes as latin1, with `g` and `d`; its group `secret` is masked, or the whole match where it has none. Each
   * of its repetitions has a bound, so that a line costs time that grows with its length alone. Most are made when they are asked
   * for, so ask once: all of them together take a start some 30 ms.
   */
  readonly pattern: RegExp;
  /** What has less than so many bits a character (C. Shannon, 1948) is no secret. */
  readonly minimumEntropy?: number;
  /** What this matches is no secret: names, placeholders, examples of documentations. */
  readonly allow?: RegExp;
  /** Whether the checksum that such a secret carries is right. */
  readonly isGenuine?: (secret: string) => boolean;
  readonly examples: readonly string[];
  readonly counterExamples: readonly string[];
}
