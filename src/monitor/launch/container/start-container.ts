import { readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { SeccompFilter } from '../../../posix/seccomp.ts';
import type { LaunchCgroup } from '../cgroups.ts';
import { type Launcher, startLauncher } from '../launcher.ts';
import type { DataFile, SandboxPlan } from '../sandbox.ts';
import { writtenFiles } from '../sandbox.ts';
import { type Sandbox, superviseSandbox } from '../start-sandbox.ts';
import type { Container, Containers } from './containers.ts';
import { CGROUPS } from './left-cgroups.ts';
import { ociConfig } from './oci-config.ts';
import { checkHandedDown } from './read-back.ts';

const CGROUP2 = 0x6367_7270;
/** With the daemon's own umask, what runc makes in a tmpfs on the way to a granted path would be closed to the driver. */
const RUN = 'umask 022 && exec "$@"';
/** Characters of runc's last word that the operational log gets. */
const LONGEST_REASON = 512;

export interface ContainerStdio {
  /** Raw descriptors; they stay the caller's to close. */
  readonly standard: readonly [number, number, number];
  /** What stands from `FIRST_FREE_IN_CONTAINER` on in the program. */
  readonly further: readonly number[];
}

/**
 * Starts a container with a plan, up to the gate, in the same shape as a sandbox: runc in the foreground is the launcher,
 * its child the first process, whose child is the gate.
 * @param cgroup that its processes are put in
 * @throws Error where runc is gone, or this process lacks descriptors or processes
 */
export function startContainer(
  containers: Containers,
  plan: SandboxPlan,
  filter: SeccompFilter,
  stdio: ContainerStdio,
  contents: readonly DataFile[] = [],
  cgroup: LaunchCgroup | null = null,
): Sandbox {
  let container: Container | undefined;
  try {
    container = containers.create(plan, writtenFiles(plan, contents));
    const launcher = startRunc(container, plan, filter, stdio, cgroup);
    const { bundle, remove } = container;
    return superviseSandbox(launcher, cgroup, {
      atReady(first, gate) {
        bundle.forgetFiles();
        // runc itself stays outside: it would count among the launch's processes.
        for (const pid of [first, gate]) cgroup?.add(pid);
        checkHandedDown({ first, gate }, plan.workdir, stdio.further.length);
      },
      afterDeath: remove,
      why: () => lastWord(bundle.folder),
    });
  } catch (error) {
    void container?.remove(false);
    cgroup?.remove();
    throw error;
  }
}

function startRunc(
  { name, bundle, runc }: Container,
  plan: SandboxPlan,
  filter: SeccompFilter,
  { standard, further }: ContainerStdio,
  cgroup: LaunchCgroup | null,
): Launcher {
  const { rootFolder, files, folder } = bundle;
  const config = ociConfig(plan, filter, { rootFolder, files, cgroupsPath: cgroupsPath(name, cgroup) });
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config), { mode: 0o600, flag: 'wx' });
  const preserved = 1 + standard.length + further.length;
  return startLauncher(
    [
      '/bin/sh',
      ...['-c', RUN, 'sh', ...runc, '--log', join(folder, 'log')],
      ...['run', '--bundle', folder, '--preserve-fds', String(preserved), name],
    ],
    // runc's own three see no byte of the program: see first-program.ts.
    { standard: ['ignore', 'ignore', 'ignore'], further: [...standard, ...further] },
  );
}

/**
 * Where runc makes a cgroup, which every container has; at "ready" its processes go to the launch's own. Where version 2 is
 * all there is, runc enables every controller in each cgroup above: beside the launch's where these are the daemon's alone,
 * else at the top, since a cgroup with processes would become a thread root, below which nothing takes a process
 * (cgroup-v2, Threads). Elsewhere below this process's own in each hierarchy, so that nothing that limits the daemon is left
 * behind.
 */
function cgroupsPath(name: string, cgroup: LaunchCgroup | null): string {
  if (statfsSync(CGROUPS).type !== CGROUP2) return name;
  return join(cgroup?.isDelegated ? dirname(cgroup.folder).slice(CGROUPS.length) : '/', name);
}

/** What runc said last, if it said something: on its log, since its streams are the container's. */
function lastWord(folder: string): string | null {
  try {
    const last = readFileSync(join(folder, 'log'), 'utf8').trim().split('\n').at(-1) ?? '';
    return last === '' ? null : last.slice(-LONGEST_REASON);
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}
