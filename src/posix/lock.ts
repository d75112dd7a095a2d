import { lastErrno, libc, PosixError } from './libc.ts';

const LOCK_EX = 2;
const LOCK_NB = 4;
const EWOULDBLOCK = 11;

const flock = libc.func('int flock(int, int)');

/** Takes an exclusive lock on an open file until it is closed: flock(2). False where another holds it. */
export function lockFile(descriptor: number): boolean {
  if (flock(descriptor, LOCK_EX | LOCK_NB) >= 0) return true;
  const errno = lastErrno();
  if (errno === EWOULDBLOCK) return false;
  throw new PosixError('lock a file', errno);
}
