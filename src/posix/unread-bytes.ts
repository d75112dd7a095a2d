import { checked, libc } from './libc.ts';

/** TIOCOUTQ has the same number: tcp(7), unix(7). */
const SIOCOUTQ = 0x5411;
const FIONREAD = 0x541b;

const ioctl = libc.func('int ioctl(int, unsigned long, void *)');

const answer = Buffer.alloc(4);

/**
 * How much of what was written to a socket is still on its way. TCP: bytes that the peer's kernel has not acknowledged.
 * Unix sockets: memory of what the peer's process has not read, which is more than its bytes. Throws `PosixError`.
 */
export function unreadBySocket(socket: number): number {
  return ask(socket, SIOCOUTQ);
}

/** Bytes that stand in a pipe (pipe(7)), asked at either end. Throws `PosixError`. */
export function unreadInPipe(pipe: number): number {
  return ask(pipe, FIONREAD);
}

function ask(descriptor: number, request: number): number {
  checked('ask what is unread', ioctl(descriptor, request, answer));
  return answer.readInt32LE(0);
}
