import koffi from 'koffi';
import { checked, lastErrno, libc, PosixError } from './libc.ts';

/** Most descriptors in one message: a driver's stdin, stdout and stderr. */
const MAXIMUM_DESCRIPTORS = 3;
/** Longest words beside the descriptors, in bytes. */
const MAXIMUM_WORDS = 64;

const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_CTRUNC = 0x8;
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x4000_0000;
const EAGAIN = 11;

/*
 * Layout of 64-bit Linux (x86-64 and arm64), see msghdr in recvmsg(2) and CMSG_ALIGN in cmsg(3):
 * msghdr 0..55: iov pointer 16, iovlen 24, control pointer 32, controllen 40, flags 48
 * iovec 64..79: base 64, length 72
 * cmsghdr 96..: length 96 (8 bytes), level 104, type 108, descriptors from 112
 * words 160..223
 */
const IOV = 64;
const CONTROL = 96;
const CONTROL_HEADER = 16;
const CONTROL_SPACE = CONTROL_HEADER + 16;
const WORDS = 160;
const SIZE = WORDS + MAXIMUM_WORDS;

const sendmsg = libc.func('int64_t sendmsg(int, void *, int)');
const recvmsg = libc.func('int64_t recvmsg(int, void *, int)');

const memory = koffi.alloc('uint8_t', SIZE);
const address = koffi.address(memory);
const view = Buffer.from(koffi.view(memory, SIZE));

function prepare(wordsLength: number, controlLength: number): void {
  view.fill(0);
  view.writeBigUInt64LE(address + BigInt(IOV), 16);
  view.writeBigUInt64LE(1n, 24);
  view.writeBigUInt64LE(address + BigInt(CONTROL), 32);
  view.writeBigUInt64LE(BigInt(controlLength), 40);
  view.writeBigUInt64LE(address + BigInt(WORDS), IOV);
  view.writeBigUInt64LE(BigInt(wordsLength), IOV + 8);
}

/**
 * Passes 1 to 3 descriptors with 1 to 64 bytes of ASCII words over a SEQPACKET socket (unix(7), SCM_RIGHTS).
 * Returns false where the socket is full (EAGAIN, or ETOOMANYREFS while too many are in flight); the caller keeps
 * its own copies either way. Throws `PosixError` where the other end is gone.
 */
export function sendDescriptors(socket: number, words: string, descriptors: readonly number[]): boolean {
  const text = Buffer.from(words, 'ascii');
  if (text.length === 0 || text.length > MAXIMUM_WORDS)
    throw new RangeError('Cannot pass descriptors: words too long');
  if (descriptors.length === 0 || descriptors.length > MAXIMUM_DESCRIPTORS) {
    throw new RangeError('Cannot pass descriptors: 1 to 3 of them');
  }
  return send(socket, text, descriptors);
}

/**
 * Passes one descriptor with an empty datagram, as journald takes large entries. Never over a SEQPACKET socket, where
 * an empty message reads as its end. Returns and throws as `sendDescriptors`.
 */
export function sendDescriptorAlone(socket: number, descriptor: number): boolean {
  return send(socket, Buffer.alloc(0), [descriptor]);
}

function send(socket: number, text: Buffer, descriptors: readonly number[]): boolean {
  const controlLength = CONTROL_HEADER + 4 * descriptors.length;
  prepare(text.length, Math.ceil(controlLength / 8) * 8);
  view.writeBigUInt64LE(BigInt(controlLength), CONTROL);
  view.writeInt32LE(SOL_SOCKET, CONTROL + 8);
  view.writeInt32LE(SCM_RIGHTS, CONTROL + 12);
  descriptors.forEach((descriptor, index) => {
    view.writeInt32LE(descriptor, CONTROL + CONTROL_HEADER + 4 * index);
  });
  text.copy(view, WORDS);
  const sent = Number(sendmsg(socket, memory, MSG_DONTWAIT | MSG_NOSIGNAL));
  if (sent >= 0) return true;
  const errno = lastErrno();
  if (errno === EAGAIN || errno === koffi.os.errno['ETOOMANYREFS']) return false;
  throw new PosixError('pass descriptors', errno);
}

export interface ReceivedDescriptors {
  readonly words: string;
  /** Close-on-exec, owned by the receiver. */
  readonly descriptors: readonly number[];
  /** Some were lost (the receiver's limit) or the words were cut: close those that came and fail what they were for. */
  readonly incomplete: boolean;
}

/** Takes one message, or null where none waits. Throws `PosixError`; an end-of-file is a message without words. */
export function receiveDescriptors(socket: number): ReceivedDescriptors | null {
  prepare(MAXIMUM_WORDS, CONTROL_SPACE);
  const length = Number(recvmsg(socket, memory, MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
  if (length < 0) {
    const errno = lastErrno();
    if (errno === EAGAIN) return null;
    throw new PosixError('receive descriptors', errno);
  }
  const descriptors: number[] = [];
  const controlLength = Number(view.readBigUInt64LE(40));
  if (controlLength >= CONTROL_HEADER + 4) {
    const isRights =
      view.readInt32LE(CONTROL + 8) === SOL_SOCKET && view.readInt32LE(CONTROL + 12) === SCM_RIGHTS;
    const end = isRights ? CONTROL + Number(view.readBigUInt64LE(CONTROL)) : CONTROL;
    for (let at = CONTROL + CONTROL_HEADER; at + 4 <= end; at += 4) descriptors.push(view.readInt32LE(at));
  }
  const flags = view.readInt32LE(48);
  return {
    words: view.toString('latin1', WORDS, WORDS + length),
    descriptors,
    incomplete: (flags & (MSG_CTRUNC | MSG_TRUNC)) !== 0,
  };
}

const dup = libc.func('int fcntl(int, int, int)');
const F_DUPFD_CLOEXEC = 1030;

/** A copy of `descriptor`, close-on-exec. Throws `PosixError` (EMFILE). */
export function duplicateDescriptor(descriptor: number): number {
  return checked('copy a descriptor', dup(descriptor, F_DUPFD_CLOEXEC, 3));
}
