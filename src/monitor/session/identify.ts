import { readFileSync } from 'node:fs';
import { peerCredentials, peerGroups, peerPidfd } from '../../posix/peer-credentials.ts';
import { isAliveByPidfd } from '../../posix/pidfd.ts';
import type { Caller, SystemdUnit } from '../../shared/caller.ts';

/** Ids above INT_MAX do not survive every tool; 65534 is what an unmapped id of another user namespace shows as. */
const LARGEST_ID = 2_147_483_647;
const UNMAPPED = 65_534;

/**
 * Who connected, from the kernel alone (invariant 3). Numbers that stand for nobody in particular are refused:
 * unknown is not root and not anyone.
 * @param socket descriptor of an accepted connection
 * @throws Error where the kernel does not say, or where the number is nobody's
 */
export function identify(socket: number): Caller {
  const { pid, uid, gid } = peerCredentials(socket);
  const groups = peerGroups(socket);
  if ([uid, gid].some((id) => id > LARGEST_ID) || uid === UNMAPPED) {
    throw new Error(`Cannot identify a caller: uid ${uid} is nobody's`);
  }
  const pidfd = peerPidfd(socket);
  if (pidfd === null) return { uid, gid, groups, pid, unit: null };
  try {
    const cgroup = readCgroup(pid);
    // The cgroup first, then the pidfd: alive now, so the number was the caller's while its cgroup was read.
    const unit = cgroup !== null && isAliveByPidfd(pidfd.number) ? unitOf(cgroup) : null;
    return { uid, gid, groups, pid, unit };
  } finally {
    pidfd.close();
  }
}

function readCgroup(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return null;
    throw error;
  }
}

/**
 * The systemd unit in a /proc/PID/cgroup text: systemd's own hierarchy (`name=systemd`, or the unified one), the
 * first service or scope of its path; below `user@UID.service`, a unit of that user's manager.
 */
export function unitOf(cgroup: string): SystemdUnit | null {
  const lines = cgroup.split('\n').map((line) => line.split(':'));
  const line =
    lines.find((fields) => fields[1] === 'name=systemd') ?? lines.find((fields) => fields[0] === '0');
  const path = line?.slice(2).join(':') ?? '';
  if (path.includes('/../')) return null;
  const units = path.split('/').filter((part) => /\.(service|scope)$/.test(part));
  const [first, second] = units;
  if (first === undefined) return null;
  if (/^user@\d+\.service$/.test(first) && second !== undefined) return { manager: 'user', name: second };
  return { manager: 'system', name: first };
}
