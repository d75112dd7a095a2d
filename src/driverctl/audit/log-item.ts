import type { LogPosition } from './log-position.ts';

/** What comes out of a log that is followed, in its order. */
export type LogItem =
  | {
      readonly kind: 'record';
      /** The line without its newline; nobody writes to it again. */
      readonly line: Buffer;
      readonly seq: number;
      readonly event: string;
      /** Where to go on from; kept, it says that this record has been dealt with. */
      readonly position: LogPosition;
    }
  /** A line that is not in the form of a record, cut at LINE_BYTES_MAXIMUM. */
  | { readonly kind: 'no-record'; readonly line: Buffer }
  /** Records that are not there: retention has removed them, or somebody else has. Both numbers are of missing ones. */
  | { readonly kind: 'gap'; readonly from: number; readonly to: number }
  /** The numbers go back: another chain was begun, or what had been read never reached the disk. Some may come once more. */
  | { readonly kind: 'changed' }
  /** A compressed segment that cannot be decompressed to its end; what is lost with it shows as a gap. */
  | { readonly kind: 'unreadable'; readonly path: string; readonly why: string }
  /** All that stands there has been given; `rest` are bytes behind the last newline, which may yet become a line. */
  | { readonly kind: 'caught-up'; readonly rest: Buffer };
