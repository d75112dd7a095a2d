/** In what a needle is looked for: in the bytes as they came, or in a view of them. */
export type Seen = 'bytes' | 'canonical' | 'dumped';

/** Bytes that are looked for, under the name that replaces them. */
export interface Needle {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Counts only where no letter or digit stands before or after it. */
  readonly wholeToken: boolean;
  /** Of a short value within base64: counts only where what it decodes to holds this value as a whole token. */
  readonly encodes?: Uint8Array;
  /** Without it, the bytes as they came. */
  readonly seen?: Seen;
}
