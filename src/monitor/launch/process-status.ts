import { readdirSync, readFileSync } from 'node:fs';

const KIBIBYTE = 1_024;

/** The five sets of a process (capabilities(7)), bit n for capability n. */
export interface CapabilitySets {
  readonly inheritable: bigint;
  readonly permitted: bigint;
  readonly effective: bigint;
  readonly bounding: bigint;
  readonly ambient: bigint;
}

/** What the kernel says of a process in /proc/PID/status (proc_pid_status(5)), seen from outside its sandbox. */
export interface ProcessStatus {
  /** Real, effective, saved and file-system id. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  readonly groups: readonly number[];
  readonly capabilities: CapabilitySets;
  readonly noNewPrivs: boolean;
  /** Filters of system calls in force, those that a service manager gave the daemon with them (Linux 5.9). */
  readonly seccompFilters: number;
}

/** All five sets with the same in them. */
export function sameInEachSet(set: bigint): CapabilitySets {
  return { inheritable: set, permitted: set, effective: set, bounding: set, ambient: set };
}

/** Throws where the process is gone or a line is missing: unknown is never taken for safe. */
export function readProcessStatus(pid: number | 'self'): ProcessStatus {
  const lines = new Map(
    readFileSync(`/proc/${pid}/status`, 'utf8')
      .split('\n')
      .map((line): [string, string] => [
        line.slice(0, line.indexOf(':')),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
  );
  function field(name: string): string {
    const value = lines.get(name);
    if (value === undefined) throw new Error(`Cannot read the status of process ${pid}: no line ${name}`);
    return value;
  }
  const set = (name: string): bigint => BigInt(`0x${field(name)}`);
  const numbers = (name: string): number[] => field(name).split(/\s+/).filter(Boolean).map(Number);
  return {
    uids: numbers('Uid'),
    gids: numbers('Gid'),
    groups: numbers('Groups'),
    capabilities: {
      inheritable: set('CapInh'),
      permitted: set('CapPrm'),
      effective: set('CapEff'),
      bounding: set('CapBnd'),
      ambient: set('CapAmb'),
    },
    noNewPrivs: field('NoNewPrivs') === '1',
    seccompFilters: Number(field('Seccomp_filters')),
  };
}

/**
 * Resident memory of one process in bytes (VmRSS of /proc/PID/status); null where it is gone. The line Name holds what the
 * process likes, and the kernel escapes a line feed in it alone.
 */
export function residentBytes(pid: number): number | null {
  try {
    const found = /\nVmRSS:\s+(\d+) kB\n/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return found === null ? null : Number(found[1]) * KIBIBYTE;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}

/** Children of a process, of each of its threads (/proc/PID/task/TID/children); empty where it is gone. */
export function childrenOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) => childrenOfThread(pid, thread));
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return [];
    throw error;
  }
}

function childrenOfThread(pid: number, thread: string): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8');
    return text.split(' ').filter(Boolean).map(Number);
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return [];
    throw error;
  }
}
