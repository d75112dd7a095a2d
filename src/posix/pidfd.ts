import { type Descriptor, ownDescriptor } from './descriptor.ts';
import { checked, lastErrno, libc, PosixError } from './libc.ts';

const ESRCH = 3;
const SIGHUP = 1;
const SIGKILL = 9;
const SIGTERM = 15;

const pidfdOpen = libc.func('int pidfd_open(int, unsigned int)');
const pidfdSendSignal = libc.func('int pidfd_send_signal(int, int, void *, unsigned int)');

/** A handle on one process that a reused number cannot redirect: pidfd_open(2). Throws `PosixError` (ESRCH). */
export function openPidfd(pid: number): Descriptor {
  return ownDescriptor(checked('open a process', pidfdOpen(pid, 0)));
}

/** SIGKILL by handle; a process that has ended already is no error. Throws `PosixError` (EPERM). */
export function killByPidfd(pidfd: number): void {
  signalByPidfd(pidfd, SIGKILL, 'kill a process');
}

/** SIGTERM by handle. False where the process has ended already. Throws `PosixError` (EPERM). */
export function terminateByPidfd(pidfd: number): boolean {
  return signalByPidfd(pidfd, SIGTERM, 'send SIGTERM to a process');
}

/** SIGHUP by handle. False where the process has ended already. Throws `PosixError` (EPERM). */
export function hangUpByPidfd(pidfd: number): boolean {
  return signalByPidfd(pidfd, SIGHUP, 'send SIGHUP to a process');
}

function signalByPidfd(pidfd: number, signal: number, what: string): boolean {
  if (pidfdSendSignal(pidfd, signal, null, 0) >= 0) return true;
  const errno = lastErrno();
  if (errno !== ESRCH) throw new PosixError(what, errno);
  return false;
}
