import { type FileHandle, open, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLineReader } from '../client/line-reader.ts';
import { Failure, reasonOf } from '../failure.ts';
import { startOfLastLines } from './last-lines.ts';

/** No record comes near this; a line that does is no record. */
const LINE_LIMIT_BYTES = 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
/** How soon a new record is seen, in milliseconds. */
const POLL_MS = 250;

/** What to print of a log. */
export interface Tail {
  readonly path: string;
  /** How many of the last lines. */
  readonly count: number;
  /** Go on with what is written later, also to a new file of that name; null: do not. */
  readonly follow: AbortSignal | null;
}

/**
 * The last lines of a log and, if asked, those written later, without their newlines.
 * Throws `Failure` (other) where the file cannot be read or has an over-long line.
 */
export async function* tailLines({ path, count, follow }: Tail): AsyncGenerator<Buffer> {
  try {
    let file = await open(path);
    try {
      let from = await startOfLastLines(file, (await file.stat()).size, count);
      for (;;) {
        yield* followFile(file, path, from, follow);
        if (follow === null || follow.aborted) return;
        await file.close();
        file = await open(path);
        from = 0;
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure('other', `Cannot read the audit log ${path}: ${reasonOf(error)}`);
  }
}

/** Lines of one file from an offset on; ends at its end, or when followed where another file has its name or it was cut. */
async function* followFile(
  file: FileHandle,
  path: string,
  from: number,
  follow: AbortSignal | null,
): AsyncGenerator<Buffer> {
  const lines = createLineReader(LINE_LIMIT_BYTES);
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let position = from; ; ) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, position);
    position += bytesRead;
    yield* lines.push(Buffer.from(chunk.subarray(0, bytesRead)));
    if (bytesRead > 0) continue;
    if (follow === null || follow.aborted) {
      const rest = lines.rest();
      if (rest.length > 0) yield rest;
      return;
    }
    await sleep(POLL_MS);
    if (await wasReplaced(file, path, position)) return;
  }
}

async function wasReplaced(file: FileHandle, path: string, position: number): Promise<boolean> {
  const opened = await file.stat();
  if (opened.size < position) return true;
  try {
    const named = await stat(path);
    return opened.ino !== named.ino || opened.dev !== named.dev;
  } catch (error) {
    // Between the two steps of a rotation no file has the name.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
