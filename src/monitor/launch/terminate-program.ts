import { PosixError } from '../../posix/libc.ts';
import { openPidfd, terminateByPidfd } from '../../posix/pidfd.ts';
import { processHasEnded } from '../../posix/poll.ts';
import { childrenOf } from './process-status.ts';

const ESRCH = 3;

/** A sandbox at its gate or behind it: its first process, and the gate, which becomes the program under the same number. */
export interface RunningSandbox {
  readonly firstPid: number;
  /** A pidfd of the first process. */
  readonly first: number;
  readonly gatePid: number;
}

/**
 * SIGTERM to a sandbox's program; none where that has ended.
 *
 * A number may be another process's by now, so the signal goes by a handle, and only where after its opening the number is
 * still that of a child of the sandbox's first process, and that one lives: whatever the handle is of then, it is inside.
 */
export function terminateProgram({ firstPid, first, gatePid }: RunningSandbox): void {
  const program = openIfThere(gatePid);
  if (program === null) return;
  try {
    const isInside = childrenOf(firstPid).includes(gatePid) && !processHasEnded(first);
    if (isInside) terminateByPidfd(program.number);
  } finally {
    program.close();
  }
}

function openIfThere(pid: number): ReturnType<typeof openPidfd> | null {
  try {
    return openPidfd(pid);
  } catch (error) {
    // ESRCH: it has ended.
    if (error instanceof PosixError && error.errno === ESRCH) return null;
    throw error;
  }
}
