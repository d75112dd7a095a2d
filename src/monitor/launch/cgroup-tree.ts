import { randomBytes } from 'node:crypto';
import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** The controllers of cgroup v2 that limit a launch, or count what it used (cgroups(7)). */
const CONTROLLERS = ['cpu', 'io', 'memory', 'pids'] as const;
export type Controller = (typeof CONTROLLERS)[number];

/** Where this process goes before controllers are enabled: a cgroup has either processes or controllers for its children. */
const OWN_SUBGROUP = 'monitor';

/** The folder below which each launch gets a cgroup, and what can be limited there. */
export interface CgroupTree {
  readonly folder: string;
  readonly controllers: ReadonlySet<Controller>;
}

/**
 * A folder of this daemon's own below its own cgroup, with every controller that was delegated to it; null where this
 * process may write no cgroup v2 tree.
 * @throws Error where a unit runs it whose cgroup cannot be written: that is a unit that an admin has to mend
 */
export function openCgroupTree(): CgroupTree | null {
  const own = ownFolder();
  if (own === null) return null;
  // A number alone could be that of an earlier daemon whose folder still stands.
  const folder = join(own, `driverd-${process.pid}-${randomBytes(6).toString('hex')}`);
  try {
    mkdirSync(folder);
    accessSync(join(folder, 'cgroup.kill'), constants.W_OK);
  } catch (error) {
    const code = codeOf(error);
    if (process.geteuid?.() === 0 && basename(own).endsWith('.service'))
      throw new Error(
        `Cannot use the cgroup ${own}: ${code}; its unit needs Delegate=yes, and no ProtectControlGroups=`,
      );
    return null;
  }
  const enabled = enableControllers(own);
  return { folder, controllers: new Set(enabled.filter((name) => enableBelow(folder, name))) };
}

/**
 * Moves this process out of the way first; back again where others are in its cgroup. With processes in it, cpu and pids
 * could be enabled all the same, and would make every cgroup below one that takes no process (`domain invalid`, cgroup-v2).
 */
function enableControllers(own: string): readonly Controller[] {
  const offered = readFileSync(join(own, 'cgroup.controllers'), 'latin1').trim().split(' ');
  const wanted = CONTROLLERS.filter((name) => offered.includes(name));
  if (wanted.length === 0) return [];
  // Its own number: two daemons may have been started in one cgroup.
  const subgroup = join(own, `${OWN_SUBGROUP}-${process.pid}`);
  mkdirSync(subgroup, { recursive: true });
  writeFileSync(join(subgroup, 'cgroup.procs'), String(process.pid));
  if (readFileSync(join(own, 'cgroup.procs'), 'latin1').trim() === '')
    return wanted.filter((name) => enableBelow(own, name));
  writeFileSync(join(own, 'cgroup.procs'), String(process.pid));
  rmdirSync(subgroup);
  return [];
}

/** Whether a cgroup's children have a controller from now on. */
function enableBelow(folder: string, controller: Controller): boolean {
  try {
    writeFileSync(join(folder, 'cgroup.subtree_control'), `+${controller}`);
    return true;
  } catch (error) {
    codeOf(error);
    return false;
  }
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

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code);
  throw error;
}
