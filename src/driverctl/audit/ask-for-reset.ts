import { closeSync, constants, lstatSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { lockFile } from '../../posix/lock.ts';
import {
  encodeResetRequest,
  RESET_REQUEST_FILE,
  type ResetRequest,
} from '../../shared/audit/reset-request.ts';
import { DAEMON_LOCK_FILE } from '../../shared/daemon-note.ts';
import { writeWholeFile } from '../../shared/whole-file.ts';

const REQUEST_MODE = 0o600;

/**
 * Leaves the request for a new chain in the state folder, for the monitor's next start; makes the folder where there is
 * none. It is the monitor that moves and writes: driverctl touches no log.
 *
 * @throws Error with the reason: the folder is not the user's own, a daemon runs on it, or what the system says
 */
export function askForReset(stateFolder: string, request: ResetRequest): void {
  mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
  const found = lstatSync(stateFolder);
  if (!found.isDirectory()) throw new Error(`${stateFolder} is not a folder`);
  if (found.uid !== request.uid) {
    throw new Error(`${stateFolder} belongs to user ${found.uid}: run this as that user`);
  }
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
  const lock = openSync(join(stateFolder, DAEMON_LOCK_FILE), flags, 0o600);
  try {
    if (!lockFile(lock)) throw new Error(`a daemon runs on ${stateFolder}: stop it first`);
    // A start finds the whole request or none.
    writeWholeFile(join(stateFolder, RESET_REQUEST_FILE), encodeResetRequest(request), REQUEST_MODE);
  } finally {
    closeSync(lock);
  }
}
