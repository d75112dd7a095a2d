import { closeSync, constants, lstatSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { lockFile } from '../posix/lock.ts';
import { DAEMON_LOCK_FILE, DAEMON_NOTE_FILE, encodeDaemonNote } from '../shared/daemon-note.ts';
import { startTimeOf } from '../shared/process-start.ts';
import { writeStateFile } from './state-file.ts';

/**
 * Makes or checks the state folder (0700, our own) and locks it for as long as this process lives.
 * @throws Error where it is not a folder of ours alone, or where another daemon holds it.
 */
export function claimStateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  if (!found.isDirectory()) throw new Error(`Cannot use the state folder ${folder}: it is not a folder`);
  if (found.uid !== process.geteuid?.() || (found.mode & 0o077) !== 0) {
    throw new Error(`Cannot use the state folder ${folder}: it must be 0700 and owned by the daemon's user`);
  }
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
  const lock = openSync(join(folder, DAEMON_LOCK_FILE), flags, 0o600);
  if (!lockFile(lock)) {
    closeSync(lock);
    throw new Error(`Cannot use the state folder ${folder}: another driverd runs on it`);
  }
}

/**
 * Notes beside the lock which process holds it, so that driverctl can ask it to reload. To be called when SIGHUP is
 * handled: before, it would end the daemon.
 * @throws Error where the folder cannot be written
 */
export function noteDaemon(folder: string): void {
  const startTime = startTimeOf(process.pid);
  if (startTime === null) throw new Error('Cannot note the daemon: /proc does not show it');
  writeStateFile(join(folder, DAEMON_NOTE_FILE), encodeDaemonNote({ pid: process.pid, startTime }));
}
