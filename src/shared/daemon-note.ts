/** The file in the state folder that a daemon holds locked for as long as it lives. */
export const DAEMON_LOCK_FILE = 'lock';
/** The file beside it that says which process that is. */
export const DAEMON_NOTE_FILE = 'pid';
/** Its longest length in bytes. */
export const DAEMON_NOTE_BYTES = 64;

/** The file whose being there means that the daemon is paused. */
export const DAEMON_PAUSE_FILE = 'paused';

/**
 * Which process a daemon is. A note outlives its daemon, and a number alone could be another process's by now: nothing
 * is sent to it unless the start time is the same and the lock is open in that process.
 */
export interface DaemonNote {
  readonly pid: number;
  /** Clock ticks after boot, decimal (field 22 of /proc/PID/stat). */
  readonly startTime: string;
}

/** The note as it is written: "PID STARTTIME" and a newline. */
export function encodeDaemonNote({ pid, startTime }: DaemonNote): string {
  return `${pid} ${startTime}\n`;
}

/** Reads a note; null where it is not exactly what is written. */
export function decodeDaemonNote(text: string): DaemonNote | null {
  const [, pid, startTime] = /^([1-9][0-9]{0,9}) ([0-9]{1,20})\n$/.exec(text) ?? [];
  return pid === undefined || startTime === undefined ? null : { pid: Number(pid), startTime };
}
