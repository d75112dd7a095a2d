import { createReadStream } from 'node:fs';
import { Failure, reasonOf } from '../failure.ts';
import type { Input } from '../invocation.ts';

/**
 * The bytes of a file, or of standard input where it is `-` or none, as they come.
 * Throws `Failure` (other) where the file cannot be read.
 */
export async function* bytesOf(file: string | undefined, stdin: Input): AsyncGenerator<Uint8Array, void> {
  if (file === undefined || file === '-') return yield* stdin.chunks();
  try {
    yield* createReadStream(file);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure('other', `Cannot read ${file}: ${reasonOf(error)}`);
  }
}
