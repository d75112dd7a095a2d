import { lastErrno, libc } from './libc.ts';

const SOL_SOCKET = 1;

const getsockopt = libc.func('int getsockopt(int, int, int, void *, void *)');

const optionLength = Buffer.alloc(4);

/**
 * Reads an option of the socket level (getsockopt(2)) into `value`.
 * @returns how many bytes the kernel wrote, or a negated errno
 */
export function readSocketOption(socket: number, option: number, value: Buffer): number {
  optionLength.writeUInt32LE(value.length);
  if (getsockopt(socket, SOL_SOCKET, option, value, optionLength) < 0) return -lastErrno();
  return optionLength.readUInt32LE();
}
