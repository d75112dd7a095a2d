import { readFileSync } from 'node:fs';

/** When a process started, in clock ticks after boot (field 22 of /proc/PID/stat), or null where it is gone. */
export function startTimeOf(pid: number): string | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return null;
    throw error;
  }
  // The second field, the name, may hold spaces and brackets: what follows its last bracket starts at field 3.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}
