import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

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

/** Removes them once no process is in them. */
export function removeCgroups(runName: string): void {
  for (const folder of containerCgroups(runName)) if (existsSync(folder)) removeWithin(folder);
}

function removeWithin(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) removeWithin(join(folder, entry.name));
  rmdirSync(folder);
}
