import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  write,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type CgroupTree, type Controller, openCgroupTree } from './cgroup-tree.ts';
import {
  heldMemory,
  type LaunchUsage,
  ranOutOfMemory,
  ranOutOfProcesses,
  readUsage,
} from './cgroup-usage.ts';

/** How often the removal of a cgroup whose processes are just dead is tried, and the wait between, in milliseconds. */
const REMOVE_ATTEMPTS = 50;
const REMOVE_EVERY_MS = 20;
const NOTE = 'cgroup';

/** What a launch's cgroup limits; null: not. */
export interface CgroupLimits {
  /** memory.max: every page, shared mappings, the page cache and /tmp with it. No swap. */
  readonly memoryBytes: number | null;
  /** pids.max: processes and threads, bubblewrap's own with them. */
  readonly processes: number | null;
  /** cpu.max in hundredths of a processor. */
  readonly cpuPercent: number | null;
}

/** Microseconds over which cpu.max is counted; the kernel's default. */
const CPU_PERIOD = 100_000;

/** The cgroup of one launch; killing needs no controller (cgroups(7), cgroup.kill: Linux 5.14). */
export interface LaunchCgroup {
  readonly folder: string;
  /** Whether no process but this daemon's is in the cgroups above it that were delegated. */
  readonly isDelegated: boolean;
  /** Moves a process in; what it starts from then on is in it too. */
  add(pid: number): void;
  /**
   * The same beside what else this process does: the kernel waits for all its processors first, which takes milliseconds
   * (percpu_down_write in cgroup_procs_write_start of kernel/cgroup/cgroup.c). Settles when it is in, or has ended.
   */
  addMeanwhile(pid: number): Promise<void>;
  /** Sets pids.max, or leaves it as it is. */
  limitProcesses(count: number | null): void;
  /** Whether the kernel says that a process is in it. */
  holds(pid: number): boolean;
  /** SIGKILL to every process in it, whatever namespace it is in. */
  kill(): void;
  /** Which of its limits was met, if one was. */
  exceeded(): 'memory' | 'processes' | null;
  /** Removes it once its processes are dead. */
  remove(): void;
  /** Memory that its processes hold now; null where the controller is not there. */
  heldBytes(): number | null;
  /** What it used: after `remove`, all of it. */
  usage(): LaunchUsage;
}

export interface Cgroups {
  readonly controllers: ReadonlySet<Controller>;
  create(launch: number, limits: CgroupLimits): LaunchCgroup;
  /** Removes what this daemon made. */
  close(): void;
}

/**
 * Where a writable cgroup v2 tree is mounted: a cgroup for each launch. Null elsewhere; the record of a launch says so.
 * @param stateFolder keeps a note of it, for the sweep at the next start
 * @throws Error where the unit that runs this gives it none that can be written
 */
export function openCgroups(stateFolder: string): Cgroups | null {
  const note = join(stateFolder, NOTE);
  const tree = openCgroupTree();
  // What cannot be written cannot be swept either; the notes of launches say what is to be killed then.
  if (tree === null) return null;
  sweep(note);
  const { folder, controllers } = tree;
  writeFileSync(note, `${folder}\n`, { mode: 0o600 });
  return {
    controllers,
    create: (launch, limits) => createCgroup(tree, launch, limits),
    close() {
      for (const launch of launchesIn(folder)) removeWithin(launch, 1);
      removeWithin(folder, 1);
      if (!existsSync(folder)) rmSync(note, { force: true });
    },
  };
}

function createCgroup(tree: CgroupTree, launch: number, limits: CgroupLimits): LaunchCgroup {
  const folder = join(tree.folder, String(launch));
  let used: { exceeded: 'memory' | 'processes' | null; usage: LaunchUsage } | undefined;
  const inside = folder.slice(folder.indexOf('/driverd-'));
  const exceeded = (): 'memory' | 'processes' | null =>
    ranOutOfMemory(folder) ? 'memory' : ranOutOfProcesses(folder) ? 'processes' : null;
  mkdirSync(folder);
  try {
    setLimits(folder, limits);
  } catch (error) {
    removeWithin(folder, 1);
    throw error;
  }
  return {
    folder,
    // Controllers were enabled only where nobody else is there: see cgroup-tree.ts.
    isDelegated: tree.controllers.size > 0,
    limitProcesses(count) {
      if (count !== null) writeFileSync(join(folder, 'pids.max'), String(count));
    },
    add: (pid) => writeFileSync(join(folder, 'cgroup.procs'), String(pid)),
    addMeanwhile: (pid) => writeMeanwhile(join(folder, 'cgroup.procs'), String(pid)),
    holds: (pid) =>
      readFileSync(`/proc/${pid}/cgroup`, 'utf8')
        .split('\n')
        .some((line) => line.startsWith('0::') && line.endsWith(inside)),
    kill() {
      if (used === undefined) killWithin(folder);
    },
    exceeded: () => (used === undefined ? exceeded() : used.exceeded),
    remove() {
      used ??= { exceeded: exceeded(), usage: readUsage(folder) };
      removeWithin(folder, REMOVE_ATTEMPTS);
    },
    heldBytes: () => heldMemory(folder),
    usage: () => used?.usage ?? readUsage(folder),
  };
}

/** ESRCH: the process has ended; ENODEV: so had all of its launch, and its cgroup is gone. */
async function writeMeanwhile(path: string, pid: string): Promise<void> {
  const file = openSync(path, constants.O_WRONLY);
  try {
    await promisify(write)(file, pid);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'ENODEV')))
      throw error;
  } finally {
    closeSync(file);
  }
}

/** Before a process is in it. */
function setLimits(folder: string, { memoryBytes, processes, cpuPercent }: CgroupLimits): void {
  const set = (file: string, value: string): void => writeFileSync(join(folder, file), value);
  if (memoryBytes !== null) {
    set('memory.max', String(memoryBytes));
    // All of a launch, or none: half of one is of no use to anybody.
    set('memory.oom.group', '1');
    // Not there where the kernel has no swap at all.
    if (existsSync(join(folder, 'memory.swap.max'))) set('memory.swap.max', '0');
  }
  if (processes !== null) set('pids.max', String(processes));
  if (cpuPercent !== null) set('cpu.max', `${(cpuPercent * CPU_PERIOD) / 100} ${CPU_PERIOD}`);
}

/** A folder that is gone holds no process. */
function killWithin(folder: string): void {
  try {
    writeFileSync(join(folder, 'cgroup.kill'), '1');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENODEV')))
      throw error;
  }
}

function removeWithin(folder: string, attempts: number): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'ENOENT') return;
    if (code !== 'EBUSY' && code !== 'ENOTEMPTY') throw error;
    // One that stays is swept at the next start.
    if (attempts > 1) setTimeout(removeWithin, REMOVE_EVERY_MS, folder, attempts - 1).unref();
  }
}

/** Kills and removes what an earlier daemon left: its processes may have been spawned and not noted yet. */
function sweep(note: string): void {
  let folder: string;
  try {
    folder = readFileSync(note, 'utf8').trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
  for (const launch of launchesIn(folder)) {
    killWithin(launch);
    removeWithin(launch, REMOVE_ATTEMPTS);
  }
  removeWithin(folder, REMOVE_ATTEMPTS);
}

/** The cgroups of launches; none where the folder is of another boot. */
function launchesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(folder, entry.name));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
