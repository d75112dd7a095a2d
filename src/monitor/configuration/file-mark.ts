import { statSync } from 'node:fs';

/**
 * By what a change of a file shows without reading it: place, length, times, owner and mode. Links are followed. null: it
 * is gone, or may not be looked at.
 */
export function markOf(path: string): string | null {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs, uid, gid, mode } = statSync(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs, uid, gid, mode].join(' ');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}
