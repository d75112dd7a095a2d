import { readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

/** Where runc looks for cgroups, and nowhere else. */
export const CGROUPS = '/sys/fs/cgroup';

/**
 * Removes the cgroups of a container that runc knows nothing of: killed while it made them, it had not yet noted it. They
 * are empty, since runc's first process in it ends with runc then.
 * @throws Error (EBUSY) where a process is still in one
 */
export function removeLeftCgroups(name: string, folder: string = CGROUPS): void {
  for (const entry of foldersIn(folder)) {
    const path = join(folder, entry);
    if (entry === name) rmdirSync(path);
    else removeLeftCgroups(name, path);
  }
}

/** None where somebody else removed the folder meanwhile. */
function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENODEV'))
      return [];
    throw error;
  }
}
