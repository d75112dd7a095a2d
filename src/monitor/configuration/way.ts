import { type SandboxPlan, SETPRIV_NEEDS } from '../launch/sandbox.ts';
import type { UserChange } from '../launch/user-change.ts';
import type { DriverUser } from './driver-user.ts';
import type { LaunchHost } from './launch-host.ts';
import { canReach } from './reach.ts';

const DROP_IN = 'driverd.service.d/without-user-namespaces.conf';
/** Any of them lets root look into folders that are closed to it (path_resolution(7)). */
const OPENS_FOLDERS = ['CAP_DAC_OVERRIDE', 'CAP_DAC_READ_SEARCH'];
const ROOT: DriverUser = { uid: 0, gid: 0, groups: [] };

/** What decides how a sandbox is started. */
export type Wanted = Pick<SandboxPlan, 'uid' | 'gid' | 'groups' | 'mounts' | 'capabilities' | 'network'>;

/**
 * The user namespace where it will do, else root's bubblewrap without one.
 * @throws Error where this daemon can start neither
 */
export function wayFor(wanted: Wanted, host: LaunchHost): SandboxPlan['way'] {
  const why = whyNoUserNamespace(wanted, host);
  if (why === null) return 'user-namespace';
  if (!host.isRoot)
    throw new Error(`${why}, and a daemon that does not run as root has no other way to start it`);
  // RTM_NEWADDR for the loopback of a network namespace that is in no user namespace of one's own.
  const needed = [...SETPRIV_NEEDS, 'CAP_SYS_ADMIN', ...(wanted.network === 'host' ? [] : ['CAP_NET_ADMIN'])];
  const lacking = host.lacks(needed);
  if (lacking.length > 0)
    throw new Error(
      `${why}: to start it without one of its own driverd lacks ${lacking.join(', ')}, which ${DROP_IN} adds`,
    );
  const closed = host.lacks(OPENS_FOLDERS).length < OPENS_FOLDERS.length ? null : closedTo(ROOT, wanted);
  if (closed !== null)
    throw new Error(`driverd cannot reach ${closed}: CapabilityBoundingSet= lacks CAP_DAC_READ_SEARCH`);
  return 'inner-setpriv';
}

/** What becomes the target user; granted groups only setpriv keeps. */
export function userChangeFor(
  way: SandboxPlan['way'],
  { groups }: Pick<Wanted, 'groups'>,
  host: LaunchHost,
): UserChange {
  if (way !== 'user-namespace' || groups.length > 0) return 'setpriv';
  return host.userNamespaceBy() ?? 'setpriv';
}

/** What a user namespace of its own cannot give, as a sentence's beginning; null: nothing. */
function whyNoUserNamespace(wanted: Wanted, host: LaunchHost): string | null {
  if (wanted.uid === 0 && host.isRoot) return 'root is root in no user namespace';
  if (wanted.capabilities.length > 0) return 'a granted capability counts in no user namespace';
  const closed = closedTo(wanted, wanted);
  if (closed !== null) return `its user cannot reach ${closed}`;
  // bubblewrap that runs as the target user makes one.
  return host.userNamespaceBy() === null
    ? 'this host makes no user namespaces (see `driverctl doctor`)'
    : null;
}

/**
 * Why the sandbox cannot be one on a root folder, or null: without a user namespace of its own bubblewrap starts the root
 * folder's setpriv as root, and nobody has checked that, or what it loads.
 */
export function whyNoRootFolder(wanted: Wanted, host: LaunchHost): string | null {
  const why = whyNoUserNamespace(wanted, host);
  return why === null ? null : `${why}, and without one a program of the root folder would run as root`;
}

/** The first source of a mount that a user cannot reach. */
function closedTo(user: DriverUser, { mounts }: Wanted): string | null {
  const closed = mounts.find((mount) => 'source' in mount && !canReach(mount.source, user));
  return closed !== undefined && 'source' in closed ? closed.source : null;
}

/** What this host cannot hold as one would want it; stated, never silent (invariant 8). */
export function degradations(
  way: SandboxPlan['way'],
  limits: { readonly memoryBytes: number | null; readonly processes: number | null },
): readonly string[] {
  return [
    // rlimits do not see shared mappings: without memory.max of cgroup v2 memory is not really limited.
    ...(limits.memoryBytes === null ? ['memory'] : []),
    // Without a user namespace of its own RLIMIT_NPROC counts every process of the user, over all its launches; of root's none.
    ...(way !== 'user-namespace' && limits.processes === null ? ['processes'] : []),
    ...(process.geteuid?.() === 0 ? [] : ['one-user', 'supplementary-groups']),
  ];
}
