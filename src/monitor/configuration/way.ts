import type { Mount, SandboxPlan } from '../launch/sandbox.ts';
import type { DriverUser } from './driver-user.ts';
import { canReach } from './reach.ts';

/** bubblewrap that runs as the target user can bind only what that user can reach. */
export function wayFor(mounts: readonly Mount[], user: DriverUser): SandboxPlan['way'] {
  const closed = mounts.find((mount) => 'source' in mount && !canReach(mount.source, user));
  if (closed === undefined || !('source' in closed)) return 'user-namespace';
  if (process.geteuid?.() !== 0) throw new Error(`the driver's user cannot reach ${closed.source}`);
  return 'inner-setpriv';
}

/** What this host cannot hold as one would want it; stated, never silent (invariant 8). */
export function degradations(
  way: SandboxPlan['way'],
  limits: { readonly memoryBytes: number | null; readonly processes: number | null },
): readonly string[] {
  return [
    // rlimits do not see shared mappings: without memory.max of cgroup v2 memory is not really limited.
    ...(limits.memoryBytes === null ? ['memory'] : []),
    // Without a user namespace of its own RLIMIT_NPROC counts every process of the user, over all its launches.
    ...(way !== 'user-namespace' && limits.processes === null ? ['processes'] : []),
    ...(process.geteuid?.() === 0 ? [] : ['one-user', 'supplementary-groups']),
  ];
}
