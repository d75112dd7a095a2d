import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { PosixError } from '../../posix/libc.ts';
import { findGroupName } from '../../posix/names.ts';
import { Failure, reasonOf } from '../failure.ts';

const DEFAULT_GROUP = 'driverd-audit';

/**
 * Why a log cannot be read, as `Failure` (other): where the permission is missing, with the group that has it.
 * A Failure and a fault of driverctl (TypeError and the like) are given back as they are.
 */
export function logFailure(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'Error') return error;
  const { code } = error as NodeJS.ErrnoException;
  const who = code === 'EACCES' ? `; members of the group ${groupOf(dirname(path))} may read it` : '';
  return new Failure('other', `Cannot read the audit log ${path}: ${reasonOf(error)}${who}`);
}

/** The group of the log's folder; the packaged one where that cannot be seen. */
function groupOf(folder: string): string {
  try {
    const { gid } = statSync(folder);
    // Root's folder is that of a log that was never given to readers.
    return gid === 0 ? DEFAULT_GROUP : (findGroupName(gid) ?? String(gid));
  } catch (error) {
    if (error instanceof PosixError || (error instanceof Error && 'code' in error)) return DEFAULT_GROUP;
    throw error;
  }
}
