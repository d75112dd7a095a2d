import { peerCredentials, peerGroups, peerPidfd } from '../../posix/peer-credentials.ts';
import { processHasEnded } from '../../posix/poll.ts';
import { type KnownCaller, lookAtProcess, NOTHING_SEEN } from './known-caller.ts';

/** Ids above INT_MAX do not survive every tool; 65534 is what an unmapped id of another user namespace shows as. */
const LARGEST_ID = 2_147_483_647;
const UNMAPPED = 65_534;

/**
 * Who connected, from the kernel alone (invariant 3). Numbers that stand for nobody in particular are refused:
 * unknown is not root and not anyone.
 * @param socket descriptor of an accepted connection
 * @throws Error where the kernel does not say, or where the number is nobody's
 */
export function identify(socket: number): KnownCaller {
  const { pid, uid, gid } = peerCredentials(socket);
  const groups = peerGroups(socket);
  if ([uid, gid].some((id) => id > LARGEST_ID) || uid === UNMAPPED) {
    throw new Error(`Cannot identify a caller: uid ${uid} is nobody's`);
  }
  const pidfd = peerPidfd(socket);
  try {
    const seen = lookAtProcess(pid);
    // /proc first, then the pidfd: alive now, so the number was the caller's while it was looked at.
    const isAlive = pidfd !== null && !processHasEnded(pidfd.number);
    if (isAlive && seen !== null) return { uid, gid, groups, pid, pidProven: true, ...seen };
    // Without a pidfd nothing is decided by what may be another's process by now; one that is dead was not looked at.
    const unproven =
      pidfd === null && seen !== null ? { ...seen, unit: null, container: null } : NOTHING_SEEN;
    return { uid, gid, groups, pid, pidProven: false, ...unproven };
  } finally {
    pidfd?.close();
  }
}
