import { statfsSync } from 'node:fs';

/** A file system's figures, as df(1) has them; a type, so that it counts as a JSON object. */
export type Usage = {
  readonly size_bytes: number;
  readonly used_bytes: number;
  readonly available_bytes: number;
  readonly inodes: number;
  readonly inodes_used: number;
  readonly inodes_available: number;
};

/**
 * Size and use of the file system that holds a path. `used` is what is not free; `available` is what others than root
 * may still use, so the two need not add up to the size (statfs(2), and df's own arithmetic).
 * @param path in this process's view
 * @throws NodeJS.ErrnoException as statfs(2)
 */
export function usageOf(path: string): Usage {
  const { frsize, blocks, bfree, bavail, files, ffree } = statfsSync(path, { bigint: true });
  // Blocks count in units of f_frsize, not f_bsize (statvfs(3)). Multiplied as integers: above 2^53 bytes (8 PiB) only the end result is rounded.
  return {
    size_bytes: Number(blocks * frsize),
    used_bytes: Number((blocks - bfree) * frsize),
    available_bytes: Number(bavail * frsize),
    inodes: Number(files),
    inodes_used: Number(files - ffree),
    inodes_available: Number(ffree),
  };
}
