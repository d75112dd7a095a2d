import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DriverUser } from './driver-user.ts';

/**
 * Whether a user can reach a path: search permission on every folder above it, as path_resolution(7) checks it.
 * @throws Error (ENOENT and the like) where the path does not resolve.
 */
export function canReach(path: string, { uid, gid, groups: granted }: DriverUser): boolean {
  // Rootless the user's own groups stay.
  const groups = process.geteuid?.() === 0 ? granted : (process.getgroups?.() ?? []);
  for (let folder = dirname(realpathSync(path)); ; folder = dirname(folder)) {
    const { mode, uid: owner, gid: group } = statSync(folder);
    const shift = owner === uid ? 6 : group === gid || groups.includes(group) ? 3 : 0;
    if (((mode >> shift) & 0o1) === 0) return false;
    if (folder === '/') return true;
  }
}
