/** Bytes to be masked: from `start` up to and without `end`. */
export interface Match {
  readonly start: number;
  readonly end: number;
  /** Stands in the mark. */
  readonly name: string;
}
