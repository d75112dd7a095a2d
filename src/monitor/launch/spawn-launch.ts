import type { Descriptor } from '../../posix/descriptor.ts';
import { reopenMemoryFile } from '../../posix/memory-file.ts';
import { makePipe, openToEveryUser, type Pipe } from '../../posix/pipes.ts';
import type { SeccompFilter } from '../../posix/seccomp.ts';
import type { DriverPlan } from '../configuration/plan.ts';
import type { Cgroups, LaunchCgroup } from './cgroups.ts';
import type { Containers } from './container/containers.ts';
import { startContainer } from './container/start-container.ts';
import type { DriverSecrets } from './secrets.ts';
import { type Sandbox, startSandbox } from './start-sandbox.ts';

/** A launch up to its gate. */
export interface SpawnedLaunch {
  readonly sandbox: Sandbox;
  readonly cgroup: LaunchCgroup | null;
  /** Of stdin, stdout and stderr. */
  readonly brokerEnds: readonly [Descriptor, Descriptor, Descriptor];
}

/**
 * Makes a driver's pipes and its cgroup and spawns its launcher with them. What it was given of secrets is closed here.
 * @throws Error where this process lacks descriptors or processes; then nothing is left
 */
export function spawnLaunch({
  plan,
  number,
  filter,
  secrets,
  cgroups,
  containers,
}: {
  readonly plan: DriverPlan;
  readonly number: number;
  readonly filter: SeccompFilter;
  readonly secrets: DriverSecrets;
  readonly cgroups: Cgroups | null;
  readonly containers: Containers;
}): SpawnedLaunch {
  const opened: Descriptor[] = [];
  function pipe(): Pipe {
    const made = makePipe();
    opened.push(made.read, made.write);
    return made;
  }
  const kept: Descriptor[] = [];
  try {
    const [stdin, stdout, stderr] = [pipe(), pipe(), pipe()];
    const passed = secrets.descriptors.map(reopenMemoryFile);
    opened.push(...passed);
    const driverEnds = [stdin.read, stdout.write, stderr.write] as const;
    const brokerEnds = [stdin.write, stdout.read, stderr.read] as const;
    driverEnds.forEach(openToEveryUser);
    const stdio = {
      standard: [stdin.read.number, stdout.write.number, stderr.write.number],
      further: passed.map((descriptor) => descriptor.number),
    } as const;
    // In a container pids.max waits for "ready": until then runc's own threads are in it.
    const inContainer = plan.sandbox.way === 'runc';
    const cgroup =
      cgroups?.create(number, inContainer ? { ...plan.cgroup, processes: null } : plan.cgroup) ?? null;
    const sandbox = inContainer
      ? startContainer(containers, plan.sandbox, filter, stdio, secrets.files, cgroup)
      : startSandbox(plan.sandbox, filter, stdio, secrets.files, cgroup);
    kept.push(...brokerEnds);
    return { sandbox, cgroup, brokerEnds };
  } finally {
    secrets.close();
    for (const descriptor of opened) if (!kept.includes(descriptor)) descriptor.close();
  }
}
