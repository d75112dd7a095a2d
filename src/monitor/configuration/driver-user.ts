import { readFileSync } from 'node:fs';
import { findGroup, findUser } from '../../posix/names.ts';
import { nearestWord } from '../../shared/configuration/nearest-word.ts';
import type { Profile } from '../../shared/configuration/types.generated.ts';
import type { ReadFile } from '../../shared/configuration/yaml.ts';
import type { AssignedUsers } from './assigned-users.ts';

/** Whose a driver's processes are; numbers only. */
export interface DriverUser {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups, sorted. */
  readonly groups: readonly number[];
}

/**
 * The user and groups that a profile grants. Rootless there is one user only: the daemon's own. Root it is only by that
 * name, which a profile cannot hold without `accept_root`.
 * @throws ConfigurationError with the nearest name where there is no such user or group
 */
export function driverUser(read: ReadFile<Profile>, profile: string, assigned: AssignedUsers): DriverUser {
  const { value, fail } = read;
  const self = process.geteuid?.() ?? 0;
  if (self !== 0) {
    if (value.user !== 'auto') throw fail(['user'], `user ${value.user} needs a daemon that runs as root`);
    if (value.groups.length > 0) throw fail(['groups'], 'groups need a daemon that runs as root');
    return { uid: self, gid: process.getegid?.() ?? self, groups: [] };
  }
  const groups = value.groups.map((name, index) => {
    const gid = findGroup(name);
    if (gid === null)
      throw fail(['groups', String(index)], `there is no group ${name}${hint(name, '/etc/group')}`);
    if (gid === 0) throw fail(['groups', String(index)], `group ${name} is root's`);
    return gid;
  });
  const sorted = groups.toSorted((one, other) => one - other);
  if (value.user === 'root') return { uid: 0, gid: 0, groups: sorted };
  if (value.user === 'auto') {
    const uid = assigned.numberOf(profile);
    return { uid, gid: uid, groups: sorted };
  }
  const found = findUser(value.user);
  if (found === null)
    throw fail(['user'], `there is no user ${value.user}${hint(value.user, '/etc/passwd')}`);
  if (found.uid === 0 || found.gid === 0)
    throw fail(['user'], `${value.user} is root or in its group; root itself is user: root`);
  return { ...found, groups: sorted };
}

/** The nearest name of the host's own; those of a directory service are not listed. */
function hint(name: string, file: string): string {
  const names = readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.slice(0, line.indexOf(':')));
  const nearest = nearestWord(name, names);
  return nearest === null ? '' : `; did you mean ${nearest}?`;
}
