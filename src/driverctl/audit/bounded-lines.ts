import { LINE_BYTES_MAXIMUM } from '../../shared/audit/record.ts';

/** One line as it was cut from the bytes of a log. */
export interface CutLine {
  /** Without its newline, and at most LINE_BYTES_MAXIMUM bytes of it. */
  readonly bytes: Buffer;
  /** Where the next line begins, counted from where the bytes began. */
  readonly end: number;
  /** Whether it is longer than any record: then `bytes` is its beginning. */
  readonly isOverlong: boolean;
}

/** Cuts bytes that come in pieces into lines, in memory bounded by one piece and one line, whatever the bytes are. */
export interface LineCutter {
  /** Takes the next piece, which must not be written to again, and returns the lines that it completes. */
  push(piece: Buffer): CutLine[];
  /** What stands behind the last newline, at most LINE_BYTES_MAXIMUM bytes of it. */
  rest(): Buffer;
}

const NEWLINE = 0x0a;
const NOTHING = Buffer.alloc(0);

/** @param from where the bytes begin, in bytes from the start of the file */
export function createLineCutter(from = 0): LineCutter {
  let held: Buffer = NOTHING;
  let isOverlong = false;
  let offset = from;

  function hold(part: Buffer): void {
    const room = LINE_BYTES_MAXIMUM - held.length;
    isOverlong ||= part.length > room;
    if (part.length === 0 || room === 0) return;
    held = Buffer.concat([held, part.subarray(0, room)]);
  }

  function takeHeld(): CutLine {
    const line = { bytes: held, end: offset, isOverlong };
    held = NOTHING;
    isOverlong = false;
    return line;
  }

  return {
    push(piece) {
      const lines: CutLine[] = [];
      let start = 0;
      for (let newline = piece.indexOf(NEWLINE); newline !== -1; newline = piece.indexOf(NEWLINE, start)) {
        const part = piece.subarray(start, newline);
        offset += part.length + 1;
        start = newline + 1;
        if (held.length === 0 && part.length <= LINE_BYTES_MAXIMUM) {
          lines.push({ bytes: part, end: offset, isOverlong: false });
          continue;
        }
        hold(part);
        lines.push(takeHeld());
      }
      hold(piece.subarray(start));
      offset += piece.length - start;
      return lines;
    },
    rest: () => held,
  };
}
