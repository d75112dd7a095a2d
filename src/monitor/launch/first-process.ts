import type { Descriptor } from '../../posix/descriptor.ts';
import { openPidfd } from '../../posix/pidfd.ts';
import { processHasEnded } from '../../posix/poll.ts';
import { childrenOf } from './process-status.ts';

/** The sandbox's pid 1 (the launcher's only child) and the gate, its only child. */
export interface FirstProcess {
  readonly pid: number;
  readonly pidfd: Descriptor;
  readonly gatePid: number;
}

/** @throws Error where they are not there, or not alone */
export function findFirstProcess(launcher: number): FirstProcess {
  const [pid, ...others] = childrenOf(launcher);
  if (pid === undefined || others.length > 0) throw new Error('its first process was not found');
  const pidfd = openPidfd(pid);
  const [gatePid, ...more] = childrenOf(pid);
  if (gatePid === undefined || more.length > 0 || processHasEnded(pidfd.number)) {
    pidfd.close();
    throw new Error('its gate was not found');
  }
  return { pid, pidfd, gatePid };
}
