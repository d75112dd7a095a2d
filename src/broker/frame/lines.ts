const newline = 0x0a;
const carriageReturn = 0x0d;
const smallestBuffer = 512;

export interface LineReader {
  /** Takes the next bytes of the stream and reports, before it returns, every line that they end. */
  push(chunk: Uint8Array): void;
  /** Ends all reporting, also from within `line` in the middle of a chunk; bytes that are kept or still come are dropped. */
  stop(): void;
  /**
   * A line has begun and has not ended. Its deadline starts anew at every reported line, since the rest of a chunk can
   * have begun the next one.
   */
  readonly pending: boolean;
}

export interface LineEvents {
  /** One line without its end. The bytes may be a view of the pushed chunk. */
  line(bytes: Uint8Array): void;
  /** A line is over the limit; nothing is reported after this. */
  tooLong(): void;
}

/**
 * Splits a byte stream into lines: LF ends one, a CR just before it is dropped, empty lines are ignored. The same bytes
 * give the same lines however they are cut. Each byte is searched once; a line that spans chunks is copied to one
 * buffer that doubles, so the cost is linear and at most twice the limit is held, also when a peer sends single bytes.
 *
 * @param maximumBytes most bytes of a line before its LF (a CR counts), at least 1
 */
export function createLineReader(maximumBytes: number, on: LineEvents): LineReader {
  let begun: Uint8Array = new Uint8Array(0);
  let length = 0;
  let stopped = false;

  function stop(): void {
    stopped = true;
    begun = new Uint8Array(0);
    length = 0;
  }

  function refuse(): void {
    stop();
    on.tooLong();
  }

  function keep(bytes: Uint8Array): void {
    const needed = length + bytes.length;
    if (needed > begun.length) {
      const capacity = Math.min(maximumBytes, Math.max(needed, begun.length * 2, smallestBuffer));
      const larger = new Uint8Array(capacity);
      larger.set(begun.subarray(0, length));
      begun = larger;
    }
    begun.set(bytes, length);
    length = needed;
  }

  function takeKept(): Uint8Array {
    const line = begun.subarray(0, length);
    begun = new Uint8Array(0);
    length = 0;
    return line;
  }

  function deliver(bytes: Uint8Array): void {
    const line = bytes.at(-1) === carriageReturn ? bytes.subarray(0, -1) : bytes;
    if (line.length > 0) on.line(line);
  }

  function push(chunk: Uint8Array): void {
    let start = 0;
    while (!stopped && start < chunk.length) {
      const found = chunk.indexOf(newline, start);
      const part = chunk.subarray(start, found === -1 ? chunk.length : found);
      start += part.length + 1;
      if (length + part.length > maximumBytes) {
        refuse();
      } else if (found === -1) {
        keep(part);
      } else if (length === 0) {
        deliver(part);
      } else {
        keep(part);
        deliver(takeKept());
      }
    }
  }

  return {
    push,
    stop,
    get pending() {
      return length > 0;
    },
  };
}
