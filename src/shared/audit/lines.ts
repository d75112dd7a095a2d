import type { FileHandle } from 'node:fs/promises';
import { LINE_BYTES_MAXIMUM } from './record.ts';

/** One line of a log. */
export interface LogLine {
  /** Where it begins in the file. */
  readonly offset: number;
  /** Without its newline; part of a reused buffer, so valid only until the call that was given it returns. */
  readonly bytes: Buffer;
  /** false: no newline followed, because the file (or the part asked for) ends here or the line is over its limit. */
  readonly terminated: boolean;
}

/** Cuts bytes that come in pieces into lines, in memory bounded by one piece and one line. */
export interface LineSplitter {
  /** Takes the next piece. False: nothing more is wanted, or a line was over its limit. */
  push(piece: Buffer): boolean;
  /** The bytes have ended: gives what stands behind the last newline. */
  end(): void;
}

const CHUNK_BYTES = 262_144;
const NEWLINE = 0x0a;
const NOTHING = Buffer.alloc(0);

/**
 * Begins at byte `from`. `take` says whether to go on. A line over LINE_BYTES_MAXIMUM is given once, cut, as not terminated,
 * and nothing after it.
 */
export function splitLines(from: number, take: (line: LogLine) => boolean): LineSplitter {
  let offset = from;
  let held: Buffer = NOTHING;
  let isOver = false;

  function give(bytes: Buffer, terminated: boolean): boolean {
    const more = take({ offset, bytes, terminated });
    offset += bytes.length + 1;
    isOver ||= !more || !terminated;
    return !isOver;
  }

  return {
    push(piece) {
      if (isOver) return false;
      let start = 0;
      for (let newline = piece.indexOf(NEWLINE); newline !== -1; newline = piece.indexOf(NEWLINE, start)) {
        const rest = piece.subarray(start, newline);
        const line = held.length === 0 ? rest : Buffer.concat([held, rest]);
        held = NOTHING;
        start = newline + 1;
        if (!give(line, line.length < LINE_BYTES_MAXIMUM)) return false;
      }
      // A copy: the piece may be read over.
      if (start < piece.length) held = Buffer.concat([held, piece.subarray(start)]);
      return held.length < LINE_BYTES_MAXIMUM || give(held, false);
    },
    end() {
      if (!isOver && held.length > 0) give(held, false);
    },
  };
}

/** Reads the lines between two byte offsets of a file. Throws what the reads throw. */
export async function readLines(
  file: FileHandle,
  from: number,
  to: number,
  take: (line: LogLine) => boolean,
): Promise<void> {
  const lines = splitLines(from, take);
  const length = Math.min(CHUNK_BYTES, Math.max(0, to - from));
  const read = (buffer: Buffer, offset: number): ReturnType<FileHandle['read']> =>
    file.read(buffer, 0, Math.max(0, Math.min(length, to - offset)), offset);
  // The next piece comes while the present one is looked at.
  let [present, next] = [Buffer.allocUnsafe(length), Buffer.allocUnsafe(length)];
  let { bytesRead } = await read(present, from);
  for (let offset = from + bytesRead; bytesRead > 0; offset += bytesRead) {
    const ahead = read(next, offset);
    // Where `take` throws, nobody waits for it.
    ahead.catch(() => undefined);
    const more = lines.push(present.subarray(0, bytesRead));
    ({ bytesRead } = await ahead);
    [present, next] = [next, present];
    if (!more) return;
  }
  lines.end();
}
