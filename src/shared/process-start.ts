import { readFileSync } from 'node:fs';

/** States of a process that has ended (proc_pid_stat(5)). */
const ENDED = ['Z', 'X'];

/** When a process started, in clock ticks after boot (field 22 of /proc/PID/stat), or null where it is gone. */
export function startTimeOf(pid: number): string | null {
  return statFrom3(pid)?.[19] ?? null;
}

/** The same of one that runs: null also where it has ended and waits for its parent, or its first thread has (field 3). */
export function runningSince(pid: number): string | null {
  const stat = statFrom3(pid);
  return stat === null || ENDED.includes(stat[0] ?? '') ? null : (stat[19] ?? null);
}

/** Null where it is gone. */
function statFrom3(pid: number): readonly string[] | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return null;
    throw error;
  }
  // The second field, the name, may hold spaces and brackets: what follows its last bracket starts at field 3.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
