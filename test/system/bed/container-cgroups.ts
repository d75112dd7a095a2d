import { existsSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

const REMOVE_ATTEMPTS = 200;
const REMOVE_EVERY_MS = 50;

/**
 * The trees in which a host keeps track of its units: the unified one, wherever it is mounted, and systemd's own of
 * cgroup v1. A container gets a cgroup in each, or two containers would share one.
 */
const TREES = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified', '/sys/fs/cgroup/systemd'];

export function containerCgroups(runName: string): readonly string[] {
  return TREES.filter((tree) => existsSync(join(tree, 'cgroup.procs'))).map((tree) =>
    join(tree, `driverd-bed-${runName}`),
  );
}

/**
 * Kills what is in them and removes them.
 *
 * @throws Error where a process outlives its SIGKILL
 */
export async function removeCgroups(runName: string): Promise<void> {
  for (const folder of containerCgroups(runName).filter((path) => existsSync(path))) {
    const kill = join(folder, 'cgroup.kill');
    if (existsSync(kill)) writeFileSync(kill, '1');
    for (let attempt = 1; !removeWithin(folder); attempt++) {
      if (attempt === REMOVE_ATTEMPTS)
        throw new Error(`Cannot remove the cgroup ${folder}: processes are in it`);
      await setTimeout(REMOVE_EVERY_MS);
    }
  }
}

/** False where it is still in use: processes die a moment after they are killed. */
function removeWithin(folder: string): boolean {
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory() && !removeWithin(join(folder, entry.name))) return false;
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EBUSY') return false;
    throw error;
  }
}
