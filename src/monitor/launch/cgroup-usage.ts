import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a launch used, as its cgroup counted it; null where the controller is not there. */
export type LaunchUsage = {
  readonly memory_peak_bytes: number | null;
  readonly cpu_microseconds: number | null;
  readonly read_bytes: number | null;
  readonly written_bytes: number | null;
};

/** Reads a cgroup's counts; to be asked when its processes are dead, and before it is removed. */
export function readUsage(folder: string): LaunchUsage {
  const io = readLines(folder, 'io.stat');
  return {
    // Linux 5.19.
    memory_peak_bytes: readNumber(readLines(folder, 'memory.peak')?.[0]),
    cpu_microseconds: readField(folder, 'cpu.stat', 'usage_usec'),
    read_bytes: sumOf(io, 'rbytes'),
    written_bytes: sumOf(io, 'wbytes'),
  };
}

/** Bytes that its processes hold now (memory.current, cgroup-v2). */
export function heldMemory(folder: string): number | null {
  return readNumber(readLines(folder, 'memory.current')?.[0]);
}

/** Whether the kernel killed something in it for want of memory (memory.events, cgroup-v2). */
export function ranOutOfMemory(folder: string): boolean {
  return (readField(folder, 'memory.events', 'oom_kill') ?? 0) > 0;
}

/** Whether a process or thread was refused for pids.max. */
export function ranOutOfProcesses(folder: string): boolean {
  return (readField(folder, 'pids.events', 'max') ?? 0) > 0;
}

/** Lines `name value`. */
function readField(folder: string, file: string, name: string): number | null {
  const line = readLines(folder, file)?.find((text) => text.startsWith(`${name} `));
  return readNumber(line?.slice(name.length + 1));
}

/** One line for each device: `8:0 rbytes=… wbytes=…`. */
function sumOf(lines: readonly string[] | null, name: string): number | null {
  if (lines === null) return null;
  return lines
    .flatMap((line) => line.split(' '))
    .filter((word) => word.startsWith(`${name}=`))
    .reduce((sum, word) => sum + Number(word.slice(name.length + 1)), 0);
}

function readNumber(text: string | undefined): number | null {
  const value = Number(text);
  return text === undefined || !Number.isSafeInteger(value) ? null : value;
}

/** ENOENT: no such controller. ENODEV, EOPNOTSUPP: it is gone, or was disabled. */
function readLines(folder: string, file: string): readonly string[] | null {
  try {
    return readFileSync(join(folder, file), 'utf8').trim().split('\n');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}
