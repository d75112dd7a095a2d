import type { FileHandle } from 'node:fs/promises';
import { LogNotKnown } from '../log-not-known.ts';
import { readBytes } from '../tail.ts';

/**
 * Has exactly `expected` stand behind `offset`, on disk, as the last bytes of the file. What stands there already must be
 * the beginning of it: so what a crash cut short is completed, and nothing else is ever written over. Written as a whole
 * again, since a page that once failed to be written may be lost though it can be read (fsync(2)).
 *
 * @param called what the file is called in an error
 * @throws LogNotKnown where anything else stands there, or what the system does
 */
export async function completeBytes(
  file: FileHandle,
  offset: number,
  expected: Buffer,
  called: string,
): Promise<void> {
  await requireBeginning(file, offset, expected, called);
  for (let written = 0; written < expected.length; ) {
    const left = expected.length - written;
    const { bytesWritten } = await file.write(expected, written, left, offset + written);
    if (bytesWritten === 0) throw new Error('nothing was written');
    written += bytesWritten;
  }
  await file.datasync();
}

async function requireBeginning(
  file: FileHandle,
  offset: number,
  expected: Buffer,
  called: string,
): Promise<void> {
  const { size } = await file.stat();
  if (size < offset) throw new LogNotKnown(`${called} is ${size} bytes long and was ${offset}`);
  // One byte more than can be there shows what is too long.
  const found = await readBytes(file, offset, expected.length + 1);
  if (found.length > expected.length || !expected.subarray(0, found.length).equals(found)) {
    throw new LogNotKnown(`${called} holds what was not being written, behind byte ${offset}`);
  }
}
