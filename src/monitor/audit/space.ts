import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Bytes that can still be written on the disk of a file's folder; null where the file system does not say (statfs(2)). */
export async function freeBytes(path: string): Promise<number | null> {
  const { bavail, bsize, blocks } = await statfs(dirname(path));
  return blocks === 0 ? null : bavail * bsize;
}
