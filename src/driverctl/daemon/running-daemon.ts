import { lstatSync, readdirSync, readFileSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { hangUpByPidfd, openPidfd } from '../../posix/pidfd.ts';
import {
  DAEMON_LOCK_FILE,
  DAEMON_NOTE_BYTES,
  DAEMON_NOTE_FILE,
  type DaemonNote,
  decodeDaemonNote,
} from '../../shared/daemon-note.ts';
import { startTimeOf } from '../../shared/process-start.ts';
import { isMissing } from '../enable/missing.ts';

/**
 * Asks the daemon that runs on a state folder to reload, by SIGHUP. The signal goes to a handle on the process that was
 * noted, and only after that has proven to be it: same start time, and the lock of the state folder open.
 * @returns false where no daemon runs there
 * @throws Error where the state folder or the process may not be looked at, or not be signalled
 */
export function hangUpDaemon(stateFolder: string): boolean {
  const note = readNote(stateFolder);
  if (note === null || startTimeOf(note.pid) !== note.startTime) return false;
  const lock = lstatSync(join(stateFolder, DAEMON_LOCK_FILE), { throwIfNoEntry: false });
  if (lock === undefined) return false;
  const process = openIfThere(note.pid);
  if (process === null) return false;
  try {
    // From here on the handle holds the number: who is looked at is who gets the signal.
    if (startTimeOf(note.pid) !== note.startTime || !hasOpen(note.pid, lock)) return false;
    return hangUpByPidfd(process.number);
  } finally {
    process.close();
  }
}

function readNote(stateFolder: string): DaemonNote | null {
  const path = join(stateFolder, DAEMON_NOTE_FILE);
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined || !stats.isFile() || stats.size > DAEMON_NOTE_BYTES) return null;
  return decodeDaemonNote(readFileSync(path, 'latin1'));
}

function openIfThere(pid: number): ReturnType<typeof openPidfd> | null {
  try {
    return openPidfd(pid);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Whether a process has a file open, as /proc/PID/fd shows it (proc_pid_fd(5)). */
function hasOpen(pid: number, file: Stats): boolean {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).some((name) => {
    const stats = statSync(join(folder, name), { throwIfNoEntry: false });
    return stats !== undefined && stats.dev === file.dev && stats.ino === file.ino;
  });
}
