import { writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { Failure, reasonOf } from '../failure.ts';
import type { Output } from '../invocation.ts';

/** How long to sleep while the reader of a non-blocking pipe is behind; a blocking write would wait the same. */
const FULL_PIPE_SLEEP_MS = 5;
const PLAIN_COLUMNS = 80;

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Writes all of `content`. `fs.writeSync` writes less on a disk that fills up and reports that only the next time. */
function writeFully(descriptor: number, content: string | Uint8Array): void {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(descriptor, bytes, written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(sleeper, 0, 0, FULL_PIPE_SLEEP_MS);
    }
  }
}

/** Standard output; `terminalColumns` is asked only of a terminal. A write throws `Failure` (output) where it fails (U7). */
export function standardOutput(descriptor: number, terminalColumns: () => number): Output {
  return {
    isTerminal: isatty(descriptor),
    columns: isatty(descriptor) ? terminalColumns() : PLAIN_COLUMNS,
    write(content) {
      try {
        writeFully(descriptor, content);
      } catch (error) {
        throw new Failure('output', `Cannot write the result: ${reasonOf(error)}`);
      }
    },
  };
}

/** Standard error, likewise. A message that cannot be written is lost: there is nowhere left to say so, and the exit status stands. */
export function standardError(descriptor: number, terminalColumns: () => number): Output {
  return {
    isTerminal: isatty(descriptor),
    columns: isatty(descriptor) ? terminalColumns() : PLAIN_COLUMNS,
    write(content) {
      try {
        writeFully(descriptor, content);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === undefined) throw error;
      }
    },
  };
}
