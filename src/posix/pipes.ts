import { fchmodSync } from 'node:fs';
import { type Descriptor, ownDescriptor } from './descriptor.ts';
import { checked, libc } from './libc.ts';

const O_CLOEXEC = 0o2000000;
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_SEQPACKET = 5;
const SOCK_CLOEXEC = 0o2000000;
const O_NONBLOCK = 0o4000;
const SOCK_NONBLOCK = 0o4000;

const pipe2 = libc.func('int pipe2(_Out_ int *, int)');
const socketpair = libc.func('int socketpair(int, int, int, _Out_ int *)');

export interface Pipe {
  readonly read: Descriptor;
  readonly write: Descriptor;
}

/** pipe2(2), close-on-exec. Throws `PosixError` (EMFILE, ENFILE). */
export function makePipe(): Pipe {
  const [read, write] = callForPair('make a pipe', (pair) => pipe2(pair, O_CLOEXEC));
  return { read: ownDescriptor(read), write: ownDescriptor(write) };
}

/** The same, and neither end ever waits: EAGAIN instead (pipe(7)). */
export function makeNonblockingPipe(): Pipe {
  const [read, write] = callForPair('make a pipe', (pair) => pipe2(pair, O_CLOEXEC | O_NONBLOCK));
  return { read: ownDescriptor(read), write: ownDescriptor(write) };
}

/** Lets a program of another uid open the end by name (`/dev/stdout`): a pipe made here is 0600. */
export function openToEveryUser(end: Descriptor): void {
  fchmodSync(end.number, 0o666);
}

/**
 * A SOCK_SEQPACKET pair, close-on-exec. A stream pair that a stream reader drains drops descriptors silently;
 * `net.Socket` refuses SEQPACKET, which is what is wanted. Throws `PosixError`.
 */
export function makePacketPair(): readonly [Descriptor, Descriptor] {
  return makeSocketPair(SOCK_SEQPACKET | SOCK_NONBLOCK);
}

/** A SOCK_STREAM pair, close-on-exec, whose reads and writes wait. Throws `PosixError`. */
export function makeStreamPair(): readonly [Descriptor, Descriptor] {
  return makeSocketPair(SOCK_STREAM);
}

function makeSocketPair(kind: number): readonly [Descriptor, Descriptor] {
  const [one, other] = callForPair('make a socket pair', (pair) =>
    socketpair(AF_UNIX, kind | SOCK_CLOEXEC, 0, pair),
  );
  return [ownDescriptor(one), ownDescriptor(other)];
}

function callForPair(call: string, native: (pair: (number | null)[]) => number): [number, number] {
  const pair: (number | null)[] = [null, null];
  checked(call, native(pair));
  const [one, other] = pair;
  if (typeof one !== 'number' || typeof other !== 'number')
    throw new Error(`Cannot ${call}: libc gave no numbers`);
  return [one, other];
}
