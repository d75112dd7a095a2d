import koffi from 'koffi';

/**
 * The C library, loaded once. The files of this folder are the only ones that call native code; each declares the
 * few calls that it needs. Declarations follow the man pages; `ssize_t` is `int64_t` here since koffi has no such name.
 */
export const libc = koffi.load('libc.so.6');

/** A libc call that failed. `errno` is the number, `code` its name (`EPERM`) or `E<number>`. */
export class PosixError extends Error {
  readonly errno: number;
  readonly code: string;

  constructor(call: string, errno: number) {
    const code = nameOfErrno(errno);
    super(`Cannot ${call}: ${code}`);
    this.name = 'PosixError';
    this.errno = errno;
    this.code = code;
  }
}

/** errno of the libc call that returned last; must be read before anything else runs. */
export function lastErrno(): number {
  return koffi.errno();
}

/** Returns `result`, or throws the `PosixError` of `call` where `result` is negative. */
export function checked(call: string, result: number): number {
  if (result < 0) throw new PosixError(call, lastErrno());
  return result;
}

function nameOfErrno(errno: number): string {
  const found = Object.entries(koffi.os.errno).find(([, number]) => number === errno);
  return found?.[0] ?? `E${errno}`;
}
