import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { SEAL_LINE_BYTES_MAXIMUM, type Seal } from './seal.ts';
import { followSeals, type SealProblem } from './seal-chain.ts';
import type { VerificationKey } from './verification-key.ts';

/** A file of seals, read one by one while the log is, in memory bounded by one piece. */
export interface SealReader {
  /** The file's name. */
  readonly name: string;
  /** The next seal of the chain; null at the end of the whole lines, and where there is a `problem`. */
  next(): Seal | null;
  /** The seal given last. */
  readonly last: Seal | null;
  readonly first: Seal | null;
  readonly problem: SealProblem | null;
  /** Where the line of `last` ends in the file. */
  readonly bytes: number;
  /** What stands behind the last whole line: a daemon may be writing it. */
  rest(): Buffer;
  close(): void;
}

const PIECE_BYTES = 65_536;
const NEWLINE = 0x0a;

/**
 * Opens a file of seals for reading. Reading is synchronous: the log's own lines come in calls that cannot wait.
 * @param keys as `followSeals` takes them
 * @returns null where there is no such file
 * @throws Error where it cannot be opened or is no regular file
 */
export function openSealReader(path: string, keys: readonly VerificationKey[]): SealReader | null {
  const file = openOrNull(path);
  if (file === null) return null;
  const chain = followSeals(keys);
  let bytes = 0;
  let piece: Buffer = Buffer.alloc(0);
  let isOver = false;

  function nextLine(): Buffer | null {
    let end = piece.indexOf(NEWLINE);
    if (end === -1) {
      // Read anew from the last line's end: what stood half there may be whole by now.
      piece = readAt(bytes, PIECE_BYTES);
      end = piece.indexOf(NEWLINE);
    }
    if (end === -1)
      return piece.length < SEAL_LINE_BYTES_MAXIMUM ? null : piece.subarray(0, SEAL_LINE_BYTES_MAXIMUM);
    const line = piece.subarray(0, end);
    piece = piece.subarray(end + 1);
    return line;
  }

  function readAt(offset: number, length: number): Buffer {
    const buffer = Buffer.alloc(length);
    return buffer.subarray(0, readSync(file ?? -1, buffer, 0, length, offset));
  }

  return {
    name: basename(path),
    next() {
      const line = isOver ? null : nextLine();
      if (line === null) return null;
      const seal = chain.take(line);
      if (seal === null) isOver = true;
      else bytes += line.length + 1;
      return seal;
    },
    get last() {
      return chain.last;
    },
    get first() {
      return chain.first;
    },
    get problem() {
      return chain.problem;
    },
    get bytes() {
      return bytes;
    },
    rest: () => readAt(bytes, SEAL_LINE_BYTES_MAXIMUM + 1),
    close: () => closeSync(file),
  };
}

function openOrNull(path: string): number | null {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
  throw new Error('it is not a regular file');
}
