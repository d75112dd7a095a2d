import { isatty } from 'node:tty';
import { Failure, reasonOf } from '../failure.ts';
import type { Input } from '../invocation.ts';

/** Standard input; `open` gives its stream, and is called only when something is read. */
export function standardInput(descriptor: number, open: () => AsyncIterable<Buffer>): Input {
  return {
    isTerminal: isatty(descriptor),
    async readAll(limit) {
      const chunks: Buffer[] = [];
      let length = 0;
      try {
        for await (const chunk of open()) {
          length += chunk.length;
          if (length > limit) throw new RangeError(`it is over ${limit} bytes`);
          chunks.push(chunk);
        }
      } catch (error) {
        throw new Failure('usage', `Cannot read standard input: ${reasonOf(error)}`);
      }
      return Buffer.concat(chunks, length);
    },
    async *chunks() {
      const stream = open()[Symbol.asyncIterator]();
      for (;;) {
        // What its reader throws passes by: only a failed read is one of standard input.
        const { done, value } = await stream.next().catch((error: unknown) => {
          throw new Failure('usage', `Cannot read standard input: ${reasonOf(error)}`);
        });
        if (done === true) return;
        yield value;
      }
    },
  };
}
