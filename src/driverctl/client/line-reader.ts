const NEWLINE = 0x0a;

/** Cuts a stream of bytes into lines. */
export interface LineReader {
  /** Takes the next bytes and returns the lines that they complete, without their newlines. Throws `RangeError` over the limit. */
  push(chunk: Buffer): Buffer[];
  /** The line that has begun and not ended. */
  rest(): Buffer;
}

/**
 * A reader of lines of at most `limitBytes`. Every byte is searched once and copied once, however it is split: a growing
 * string would make that quadratic.
 */
export function createLineReader(limitBytes: number): LineReader {
  let parts: Buffer[] = [];
  let length = 0;

  const keep = (part: Buffer): void => {
    if (length + part.length > limitBytes) throw new RangeError(`a line is over ${limitBytes} bytes`);
    if (part.length > 0) parts.push(part);
    length += part.length;
  };

  return {
    push(chunk) {
      const lines: Buffer[] = [];
      let start = 0;
      for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
        keep(chunk.subarray(start, end));
        lines.push(Buffer.concat(parts, length));
        parts = [];
        length = 0;
        start = end + 1;
      }
      keep(chunk.subarray(start));
      return lines;
    },
    rest: () => Buffer.concat(parts, length),
  };
}
