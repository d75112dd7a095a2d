import { randomBytes } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** How often the removal of a cgroup whose processes are just dead is tried, and the wait between, in milliseconds. */
const REMOVE_ATTEMPTS = 50;
const REMOVE_EVERY_MS = 20;
const NOTE = 'cgroup';

/** The cgroup of one launch; it needs no controller (cgroups(7), cgroup.kill: Linux 5.14). */
export interface LaunchCgroup {
  /** Moves a process in; what it starts from then on is in it too. */
  add(pid: number): void;
  /** Whether the kernel says that a process is in it. */
  holds(pid: number): boolean;
  /** SIGKILL to every process in it, whatever namespace it is in. */
  kill(): void;
  /** Removes it once its processes are dead. */
  remove(): void;
}

export interface Cgroups {
  create(launch: number): LaunchCgroup;
  /** Removes what this daemon made. */
  close(): void;
}

/**
 * Where a writable cgroup v2 tree is mounted: a folder of this daemon's own below its own cgroup. Null elsewhere; the
 * record of a launch says so.
 * @param stateFolder keeps a note of it, for the sweep at the next start
 */
export function openCgroups(stateFolder: string): Cgroups | null {
  const note = join(stateFolder, NOTE);
  sweep(note);
  const own = ownFolder();
  if (own === null) return null;
  // A number alone could be that of an earlier daemon whose folder still stands.
  const folder = join(own, `driverd-${process.pid}-${randomBytes(6).toString('hex')}`);
  try {
    mkdirSync(folder);
    accessSync(join(folder, 'cgroup.kill'), constants.W_OK);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    removeWithin(folder, 1);
    return null;
  }
  writeFileSync(note, `${folder}\n`, { mode: 0o600 });
  return {
    create: (launch) => createCgroup(folder, launch),
    close() {
      for (const launch of launchesIn(folder)) removeWithin(launch, 1);
      removeWithin(folder, 1);
      if (!existsSync(folder)) rmSync(note, { force: true });
    },
  };
}

function createCgroup(parent: string, launch: number): LaunchCgroup {
  const folder = join(parent, String(launch));
  let removed = false;
  const inside = folder.slice(folder.indexOf('/driverd-'));
  mkdirSync(folder);
  return {
    add: (pid) => writeFileSync(join(folder, 'cgroup.procs'), String(pid)),
    holds: (pid) =>
      readFileSync(`/proc/${pid}/cgroup`, 'latin1')
        .split('\n')
        .some((line) => line.startsWith('0::') && line.endsWith(inside)),
    kill() {
      if (!removed) killWithin(folder);
    },
    remove() {
      removed = true;
      removeWithin(folder, REMOVE_ATTEMPTS);
    },
  };
}

/** The unified tree's mount and this process's place in it, from /proc/self (cgroups(7)). */
function ownFolder(): string | null {
  const mount = readFileSync('/proc/self/mounts', 'latin1')
    .split('\n')
    .map((line) => line.split(' '))
    .find(([, , kind]) => kind === 'cgroup2')?.[1];
  const place = readFileSync('/proc/self/cgroup', 'latin1')
    .split('\n')
    .find((line) => line.startsWith('0::'))
    ?.slice('0::'.length);
  return mount === undefined || place === undefined ? null : join(mount, place);
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
