import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { killByPidfd, openPidfd } from '../../posix/pidfd.ts';
import { startTimeOf } from '../../shared/process-start.ts';

const FOLDER = 'launches';

/** Notes of the sandboxes alive, for the sweep at the next start: one empty file named BOOT.PID.START for each. */
export interface LaunchNotes {
  /** Notes a sandbox's first process before its gate opens; call the answer when every process of it is dead. */
  note(firstPid: number): () => void;
}

/**
 * Kills what an earlier daemon left alive: sandboxes of this boot whose first process has the number and the start
 * time that were noted. A number alone could be another process's by now.
 * @returns the notes of this daemon, and how many were killed
 */
export function sweepLaunches(stateFolder: string): { notes: LaunchNotes; killed: number } {
  const folder = join(stateFolder, FOLDER);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  let killed = 0;
  for (const name of readdirSync(folder)) {
    const [noteBoot, pid, start] = name.split('.');
    if (noteBoot === boot && pid !== undefined && killIfSame(Number(pid), start ?? '')) killed += 1;
    rmSync(join(folder, name));
  }
  return {
    killed,
    notes: {
      note(firstPid) {
        const start = startTimeOf(firstPid);
        if (start === null) throw new Error('Cannot note a launch: its first process has ended');
        const path = join(folder, `${boot}.${firstPid}.${start}`);
        writeFileSync(path, '', { mode: 0o600 });
        return () => rmSync(path, { force: true });
      },
    },
  };
}

function killIfSame(pid: number, start: string): boolean {
  if (startTimeOf(pid) !== start) return false;
  const pidfd = openPidfd(pid);
  try {
    if (startTimeOf(pid) !== start) return false;
    killByPidfd(pidfd.number);
    return true;
  } finally {
    pidfd.close();
  }
}
