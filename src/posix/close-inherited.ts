/**
 * Must be the first import of a process's main file: imports run before the first line of the module that has them.
 *
 * Node marks inherited descriptors close-on-exec from 0 upward and stops at the first gap past 15, so that a
 * descriptor handed down by whoever started us would travel on into a driver (the class of CVE-2024-21626).
 * close_range(2) with CLOSE_RANGE_CLOEXEC marks all of them; they stay usable in this process.
 */
import { lastErrno, libc, PosixError } from './libc.ts';

const FIRST_AFTER_STDIO = 3;
const LAST = 0xffff_ffff;
const CLOSE_RANGE_CLOEXEC = 4;
const EINVAL = 22;
const ENOSYS = 38;
/** EX_CONFIG of sysexits.h. */
const EXIT_CANNOT_START = 78;

const closeRange = libc.func('int close_range(unsigned int, unsigned int, int)');

if (closeRange(FIRST_AFTER_STDIO, LAST, CLOSE_RANGE_CLOEXEC) < 0) {
  const errno = lastErrno();
  if (errno !== ENOSYS && errno !== EINVAL)
    throw new PosixError('mark inherited descriptors close-on-exec', errno);
  // The oldest kernel that driverd runs on is the one that can do this.
  process.stderr.write('Cannot start: driverd needs Linux 5.11 or newer (close_range with CLOEXEC)\n');
  process.exit(EXIT_CANNOT_START);
}
