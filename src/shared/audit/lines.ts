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

const CHUNK_BYTES = 262_144;
const NEWLINE = 0x0a;

/**
 * Reads the lines between two byte offsets in bounded memory. `take` says whether to go on. A line over
 * LINE_BYTES_MAXIMUM is given once, cut, as not terminated, and nothing after it is read. Throws what the reads throw.
 */
export async function readLines(
  file: FileHandle,
  from: number,
  to: number,
  take: (line: LogLine) => boolean,
): Promise<void> {
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES + LINE_BYTES_MAXIMUM, Math.max(0, to - from)));
  let offset = from;
  let held = 0;
  for (;;) {
    const wanted = Math.min(CHUNK_BYTES, to - offset - held);
    const { bytesRead } =
      wanted > 0 ? await file.read(buffer, held, wanted, offset + held) : { bytesRead: 0 };
    if (bytesRead === 0) break;
    const end = held + bytesRead;
    let start = 0;
    // What was held over has no newline in it.
    let newline = buffer.subarray(0, end).indexOf(NEWLINE, held);
    while (newline !== -1) {
      const terminated = newline - start < LINE_BYTES_MAXIMUM;
      const more = take({ offset: offset + start, bytes: buffer.subarray(start, newline), terminated });
      if (!more || !terminated) return;
      start = newline + 1;
      newline = buffer.subarray(0, end).indexOf(NEWLINE, start);
    }
    held = end - start;
    if (held >= LINE_BYTES_MAXIMUM) {
      take({ offset: offset + start, bytes: buffer.subarray(start, end), terminated: false });
      return;
    }
    buffer.copyWithin(0, start, end);
    offset += start;
  }
  if (held > 0) take({ offset, bytes: buffer.subarray(0, held), terminated: false });
}
