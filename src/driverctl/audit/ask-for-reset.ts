import {
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { lockFile } from '../../posix/lock.ts';
import {
  encodeResetRequest,
  RESET_REQUEST_FILE,
  type ResetRequest,
} from '../../shared/audit/reset-request.ts';
import { DAEMON_LOCK_FILE } from '../../shared/daemon-note.ts';

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
    writeWhole(join(stateFolder, RESET_REQUEST_FILE), encodeResetRequest(request));
    syncFolder(stateFolder);
  } finally {
    closeSync(lock);
  }
}

/** A start finds the whole request or none. */
function writeWhole(path: string, text: string): void {
  const unfinished = `${path}.new`;
  rmSync(unfinished, { force: true });
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = openSync(unfinished, flags, 0o600);
  try {
    if (writeSync(file, text) !== Buffer.byteLength(text))
      throw new Error('the request could not be written whole');
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(unfinished, path);
}

function syncFolder(path: string): void {
  const folder = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
