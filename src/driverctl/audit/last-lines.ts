import type { FileHandle } from 'node:fs/promises';

const NEWLINE = 0x0a;
const BLOCK_BYTES = 64 * 1024;

/**
 * Where the last `count` lines of a file begin, in bytes from its start. Reads it backwards, a block at a time, so that
 * a log of any size costs no more than what is printed. A last line without a newline counts as one.
 *
 * @param size the file's length in bytes, as it is taken to be
 * @param count 0 gives the end of the last whole line
 */
export async function startOfLastLines(file: FileHandle, size: number, count: number): Promise<number> {
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  let toPass = count + 1;
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const { bytesRead } = await file.read(block, 0, end - start, start);
    for (let index = bytesRead - 1; index >= 0; index -= 1) {
      if (block[index] !== NEWLINE) {
        // The end of a file that does not end in a newline ends a line all the same.
        if (start + index === size - 1 && count > 0) toPass -= 1;
        continue;
      }
      toPass -= 1;
      if (toPass === 0) return start + index + 1;
    }
    end = start;
  }
  return 0;
}
