import { dirname } from 'node:path';
import type { Isolation } from '../../boundary/messages.ts';
import { type GateProgram, gateArguments, type ProcessLimits } from './gate.ts';

/** One entry of a sandbox's file view, in order; a later one may lie inside an earlier one. */
export type Mount =
  | {
      readonly kind: 'read' | 'write' | 'device';
      readonly source: string;
      readonly target: string;
    }
  | { readonly kind: 'link'; readonly to: string; readonly target: string }
  /** An empty private folder, `bytes` at most. */
  | { readonly kind: 'empty'; readonly target: string; readonly bytes: number; readonly mode: string };

/** All that decides how a process is held. Made from root-owned files when configuration is loaded. */
export interface SandboxPlan {
  /**
   * `user-namespace`: bubblewrap runs as the target user. `inner-setpriv`: it runs as root without a user namespace,
   * and `setpriv` changes the user inside, for files that the target user cannot reach.
   */
  readonly way: Isolation['way'];
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups, sorted. */
  readonly groups: readonly number[];
  /** `host` shares the host's network namespace; the others have an empty one. */
  readonly network: 'none' | 'loopback' | 'host';
  readonly mounts: readonly Mount[];
  readonly workdir: string;
  readonly environment: ReadonlyMap<string, string>;
  /** Variables whose values go to the gate with "go"; no argv and no environment of a launcher carries them. */
  readonly secretVariables: readonly string[];
  readonly limits: ProcessLimits;
  readonly program: GateProgram;
}

/** A file that bubblewrap makes inside from a descriptor: no argv and no environment carries what is in it. */
export interface DataFile {
  readonly descriptor: number;
  readonly target: string;
}

function unsharedBy({ network }: SandboxPlan): readonly string[] {
  return ['pid', 'ipc', 'uts', ...(network === 'host' ? [] : ['net']), 'cgroup'];
}

export function namespacesOf(plan: SandboxPlan): readonly string[] {
  return [...(plan.way === 'user-namespace' ? ['user'] : []), ...unsharedBy(plan), 'mount'];
}

function mountArguments(mount: Mount): string[] {
  switch (mount.kind) {
    case 'read':
      return ['--ro-bind', mount.source, mount.target];
    case 'write':
      return ['--bind', mount.source, mount.target];
    case 'device':
      return ['--dev-bind', mount.source, mount.target];
    case 'link':
      return ['--symlink', mount.to, mount.target];
    case 'empty':
      return ['--perms', mount.mode, '--size', String(mount.bytes), '--tmpfs', mount.target];
  }
}

/**
 * The folders above every mount. bubblewrap would make those itself as 0700, which without a user namespace are root's
 * and closed to the target user. Folders within a mounted one are there already.
 */
function folderArguments(mounts: readonly Mount[], dataFiles: readonly DataFile[]): string[] {
  const mounted = mounts.flatMap((mount) => (mount.kind === 'link' ? [] : [mount.target]));
  const folders = new Set<string>();
  for (const { target } of [...mounts, ...dataFiles]) {
    for (let folder = dirname(target); folder !== '/'; folder = dirname(folder)) {
      const isInside = mounted.some((other) => folder === other || folder.startsWith(`${other}/`));
      if (!isInside) folders.add(folder);
    }
  }
  return [...folders].sort().flatMap((folder) => ['--perms', '0755', '--dir', folder]);
}

export const SETPRIV = '/usr/bin/setpriv';
/** /dev/shm and the tmpfs of / and /dev are writable, of half the memory, unless said otherwise. */
const SHARED_MEMORY_BYTES = 16_777_216;

/**
 * The arguments of bubblewrap for a plan: every namespace by name (`--unshare-all` means "try" for two of them), an
 * empty environment, a read-only view, then the gate. Pure: a test reads them.
 * @param filterDescriptor where bubblewrap reads the compiled seccomp filter
 */
export function sandboxArguments(
  plan: SandboxPlan,
  filterDescriptor: number,
  dataFiles: readonly DataFile[] = [],
): string[] {
  const gate = gateArguments(plan.limits, plan.program, plan.secretVariables);
  const devices = plan.mounts.filter((mount) => mount.kind === 'device');
  const mounts = plan.mounts.filter((mount) => mount.kind !== 'device');
  return [
    ...(plan.way === 'user-namespace' ? ['--unshare-user'] : rootArguments()),
    ...unsharedBy(plan).map((name) => `--unshare-${name}`),
    '--die-with-parent',
    '--clearenv',
    ...[...plan.environment].flatMap(([name, value]) => ['--setenv', name, value]),
    ...folderArguments(mounts, dataFiles),
    ...mounts.flatMap(mountArguments),
    ...dataFiles.flatMap((file) => [
      '--perms',
      '0444',
      '--ro-bind-data',
      String(file.descriptor),
      file.target,
    ]),
    ...['--proc', '/proc', '--dev', '/dev'],
    ...devices.flatMap(mountArguments),
    ...['--perms', '1777', '--size', String(SHARED_MEMORY_BYTES), '--tmpfs', '/dev/shm'],
    ...['--remount-ro', '/dev', '--remount-ro', '/'],
    ...['--chdir', plan.workdir],
    ...['--seccomp', String(filterDescriptor)],
    '--',
    ...(plan.way === 'user-namespace' ? [] : setprivArguments(plan)),
    ...gate,
  ];
}

/** Of setpriv(1): user, group and exactly the granted groups. */
export function userArguments({ uid, gid, groups }: SandboxPlan): string[] {
  return [
    ...['--reuid', String(uid), '--regid', String(gid)],
    ...(groups.length === 0 ? ['--clear-groups'] : ['--groups', groups.join(',')]),
  ];
}

/** What the inner `setpriv` needs, and drops. */
function rootArguments(): string[] {
  return [
    '--cap-drop',
    'ALL',
    ...['SETUID', 'SETGID', 'SETPCAP'].flatMap((name) => ['--cap-add', `CAP_${name}`]),
  ];
}

function setprivArguments(plan: SandboxPlan): string[] {
  return [
    SETPRIV,
    ...userArguments(plan),
    ...['--inh-caps=-all', '--ambient-caps=-all', '--bounding-set=-all', '--no-new-privs', '--'],
  ];
}
