import type { Isolation } from '../../boundary/messages.ts';
import type { SeccompFilter } from '../../posix/seccomp.ts';
import { capabilityNames, capabilitySet } from '../../shared/configuration/capabilities.ts';
import type { DriverPlan } from '../configuration/plan.ts';
import { type ProcessStatus, readProcessStatus, sameInEachSet } from './process-status.ts';
import { namespacesOf, type SandboxPlan } from './sandbox.ts';

/** What every process inherits: a unit's own filters are none of a driver's. */
const { seccompFilters: INHERITED_FILTERS } = readProcessStatus('self');

/**
 * In what the kernel says of a gate differs from its plan; empty where it is held as it should be. Some tools report
 * success without dropping anything (setpriv without CAP_SETPCAP), so what was set is read back.
 */
export function differences(plan: SandboxPlan, status: ProcessStatus): string[] {
  const rootless = process.geteuid?.() !== 0;
  const found: string[] = [];
  if (status.uids.length !== 4 || status.uids.some((uid) => uid !== plan.uid)) found.push('uid');
  if (status.gids.length !== 4 || status.gids.some((gid) => gid !== plan.gid)) found.push('gid');
  const groups = status.groups.filter((group) => group !== plan.gid).toSorted((one, other) => one - other);
  if (!rootless && groups.join() !== plan.groups.filter((group) => group !== plan.gid).join())
    found.push('groups');
  // Each set by itself: one that holds less than was granted differs as one that holds more.
  const granted = capabilitySet(plan.capabilities);
  for (const [name, held] of Object.entries(status.capabilities))
    if (held !== granted) found.push(`${name} capabilities`);
  if (!status.noNewPrivs) found.push('no_new_privs');
  if (!(status.seccompFilters > INHERITED_FILTERS)) found.push('seccomp');
  return found;
}

/** What a launch with this plan would apply: what the kernel would say of its gate. */
export function expectIsolation(plan: DriverPlan, filter: SeccompFilter, inCgroup: boolean): Isolation {
  const { uid, gid, groups } = plan.sandbox;
  const capabilities = sameInEachSet(capabilitySet(plan.sandbox.capabilities));
  const seccompFilters = INHERITED_FILTERS + 1;
  const status: ProcessStatus = {
    ...{ uids: [uid], gids: [gid], groups, capabilities, noNewPrivs: true, seccompFilters },
  };
  return describeIsolation(plan, status, filter, inCgroup);
}

/** What was really applied to a launch; it stands in the record. */
export function describeIsolation(
  plan: DriverPlan,
  status: ProcessStatus,
  filter: SeccompFilter,
  inCgroup: boolean,
): Isolation {
  const { limits, way } = plan.sandbox;
  return {
    launcher: way === 'runc' ? 'container' : 'bubblewrap',
    fallback: plan.fallback !== null,
    ...(plan.fallback === null ? {} : { fallback_reason: plan.fallback }),
    way,
    ...(plan.acceptRoot === null ? {} : { accept_root: plan.acceptRoot }),
    uid: status.uids[0] ?? -1,
    gid: status.gids[0] ?? -1,
    groups: status.groups,
    namespaces: namespacesOf(plan.sandbox),
    network: plan.sandbox.network,
    capabilities: capabilityNames(Object.values(status.capabilities).reduce((all, set) => all | set, 0n)),
    no_new_privs: status.noNewPrivs,
    seccomp: filter.digest,
    cgroup: inCgroup ? 'kill' : 'none',
    limits: {
      wall_ms: plan.wallMs,
      cpu_seconds: limits.cpuSeconds,
      open_files: limits.openFiles,
      file_bytes: limits.fileBytes,
      processes: limits.processes,
      ...cgroupLimits(plan),
      ...(limits.dataBytes === null ? {} : { data_bytes: limits.dataBytes }),
      ...(limits.addressSpaceBytes === null ? {} : { address_space_bytes: limits.addressSpaceBytes }),
    },
    degraded: plan.degraded,
  };
}

/** What holds for all processes of a launch together; only what its cgroup really limits. */
function cgroupLimits({ cgroup }: DriverPlan): Record<string, number> {
  return {
    ...(cgroup.memoryBytes === null ? {} : { memory_bytes: cgroup.memoryBytes }),
    ...(cgroup.processes === null ? {} : { cgroup_processes: cgroup.processes }),
    ...(cgroup.cpuPercent === null ? {} : { cpu_percent: cgroup.cpuPercent }),
  };
}
