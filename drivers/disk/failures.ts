import { declaredError } from 'driverd/sdk';

/** The manifest's errors by what the kernel says (errno(3)). */
const DECLARED: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'not_found'],
  ['ELOOP', 'not_found'],
  ['ENOTDIR', 'not_a_directory'],
  ['EACCES', 'permission_denied'],
  ['EPERM', 'permission_denied'],
]);

/** The code of a system call's error (errno(3)), or null for an error of any other kind. */
export function systemErrorCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/**
 * Runs what touches a path; where the kernel refuses, throws the error that the manifest declares for that.
 * @param path as the caller named it
 */
export function declaring<Result>(path: string, act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    const word = DECLARED.get(systemErrorCode(error) ?? '');
    throw word === undefined ? error : declaredError(word, { path });
  }
}
