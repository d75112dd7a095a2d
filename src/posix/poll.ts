import { lastErrno, libc, PosixError } from './libc.ts';

const EINTR = 4;
const POLLIN = 0x1;
const POLLOUT = 0x4;
const POLLERR = 0x8;
const POLLHUP = 0x10;
const POLLNVAL = 0x20;

const pollNative = libc.func('int poll(void *, unsigned long, int)');
const pollfd = Buffer.alloc(8);

function events(descriptor: number, wanted: number, withinMs = 0): number {
  for (let waitMs = withinMs; ; waitMs = 0) {
    pollfd.writeInt32LE(descriptor, 0);
    pollfd.writeInt16LE(wanted, 4);
    pollfd.writeInt16LE(0, 6);
    if (pollNative(pollfd, 1, waitMs) >= 0) return pollfd.readInt16LE(6);
    // A signal came (a child ended): signal(7), poll is never restarted by itself.
    const errno = lastErrno();
    if (errno !== EINTR) throw new PosixError('poll a descriptor', errno);
  }
}

/** Whether the other end of a connection is gone (a half-closed one is not). Reads nothing, never waits: poll(2). */
export function peerHasGone(socket: number): boolean {
  return (events(socket, 0) & (POLLHUP | POLLERR | POLLNVAL)) !== 0;
}

/**
 * Whether a write of up to PIPE_BUF bytes (4096, pipe(7)) would not wait, also where it would fail at once. Of a pipe that
 * has no other writer.
 */
export function takesMore(descriptor: number): boolean {
  return (events(descriptor, POLLOUT) & (POLLOUT | POLLHUP | POLLERR | POLLNVAL)) !== 0;
}

/**
 * Whether the process of a pidfd has ended (pidfd_open(2): the descriptor then polls readable).
 * @param withinMs how long all of this thread waits for that
 */
export function processHasEnded(pidfd: number, withinMs = 0): boolean {
  return (events(pidfd, POLLIN, withinMs) & (POLLIN | POLLHUP)) !== 0;
}
