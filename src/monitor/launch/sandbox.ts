import { dirname } from 'node:path';
import type { Isolation } from '../../boundary/messages.ts';
import type { Descriptor } from '../../posix/descriptor.ts';
import { isWithin } from '../../shared/configuration/paths.ts';
import { type GateProgram, gateArguments, type ProcessLimits } from './gate.ts';
import { procArguments } from './root-guard.ts';

/** One entry of a sandbox's file view, in order; a later one may lie inside an earlier one. */
export type Mount =
  | {
      readonly kind: 'read' | 'write' | 'device';
      readonly source: string;
      readonly target: string;
    }
  /** A file that bubblewrap writes; it comes from a file in memory. */
  | { readonly kind: 'copy'; readonly content: Descriptor; readonly target: string }
  | { readonly kind: 'link'; readonly to: string; readonly target: string }
  /** An empty private folder, `bytes` at most. */
  | { readonly kind: 'empty'; readonly target: string; readonly bytes: number; readonly mode: string };

/** The mode of an empty folder that hides what is below a grant. */
export const COVER_MODE = '0555';

/** All that decides how a process is held. Made from root-owned files when configuration is loaded. */
export interface SandboxPlan {
  /**
   * `user-namespace`: bubblewrap runs as the target user. `inner-setpriv`: it runs as root without a user namespace,
   * and `setpriv` changes the user inside: for files that the target user cannot reach, for a capability, for root, and
   * where the host makes no user namespaces. `runc`: a container.
   */
  readonly way: Isolation['way'];
  /** What becomes the target user before it is bubblewrap, where root starts one in a user namespace. */
  readonly userChange: 'unshare' | 'setpriv';
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups, sorted. */
  readonly groups: readonly number[];
  /** Names of what it is granted (capabilities(7)), by their numbers. */
  readonly capabilities: readonly string[];
  /** Files of /proc that a process with root's rights finds closed. */
  readonly coveredProcFiles: readonly string[];
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

/** A file that bubblewrap writes inside from a file in memory: no argv and no environment carries what is in it. */
export type DataFile = Omit<Extract<Mount, { kind: 'copy' }>, 'kind'>;

/** Every file that bubblewrap writes, in the order of their descriptors. */
export function writtenFiles(plan: SandboxPlan, dataFiles: readonly DataFile[]): readonly DataFile[] {
  return [...plan.mounts.filter((mount) => mount.kind === 'copy'), ...dataFiles];
}

function unsharedBy({ network }: SandboxPlan): readonly string[] {
  return ['pid', 'ipc', 'uts', ...(network === 'host' ? [] : ['net']), 'cgroup'];
}

export function namespacesOf(plan: SandboxPlan): readonly string[] {
  return [...(plan.way === 'user-namespace' ? ['user'] : []), ...unsharedBy(plan), 'mount'];
}

function oneMount(mount: Exclude<Mount, { kind: 'copy' }>): string[] {
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
 * Mounts, each after the folders above it. bubblewrap would make those itself as 0700, which without a user namespace are
 * root's and closed to the target user. Below what is bound from the host there is nothing to make.
 */
function mountArguments(
  mounts: readonly Mount[],
  dataFiles: readonly DataFile[],
  firstDescriptor: number,
): string[] {
  let descriptor = firstDescriptor;
  const writeFile = ({ target }: DataFile): string[] => {
    const words = ['--perms', '0444', '--file', String(descriptor), target];
    descriptor += 1;
    return words;
  };
  const bound: string[] = [];
  const made = new Set<string>();
  function foldersAbove(target: string): string[] {
    const folders: string[] = [];
    for (let folder = dirname(target); folder !== '/'; folder = dirname(folder)) {
      if (made.has(folder) || bound.some((other) => isWithin(folder, other))) continue;
      folders.unshift(folder);
      made.add(folder);
    }
    return folders.flatMap((folder) => ['--perms', '0755', '--dir', folder]);
  }
  const mounted = mounts.flatMap((mount) => {
    const above = foldersAbove(mount.target);
    if ('source' in mount) bound.push(mount.target);
    // What was made below an empty folder before it is covered by it.
    if (mount.kind === 'empty')
      for (const folder of made) if (isWithin(folder, mount.target)) made.delete(folder);
    return [...above, ...(mount.kind === 'copy' ? writeFile(mount) : oneMount(mount))];
  });
  const files = dataFiles.flatMap((file) => [...foldersAbove(file.target), ...writeFile(file)]);
  return [...mounted, ...files];
}

export const SETPRIV = '/usr/bin/setpriv';

/**
 * The arguments of bubblewrap for a plan: every namespace by name (`--unshare-all` means "try" for two of them), an
 * empty environment, a read-only view, then the gate. Pure: a test reads them.
 * @param filterDescriptor where bubblewrap reads the compiled seccomp filter; `writtenFiles` follow from the next on
 */
export function sandboxArguments(
  plan: SandboxPlan,
  filterDescriptor: number,
  dataFiles: readonly DataFile[] = [],
): string[] {
  const gate = gateArguments(plan.limits, plan.program, plan.secretVariables);
  return [
    ...(plan.way === 'user-namespace' ? ['--unshare-user'] : rootArguments(plan)),
    ...unsharedBy(plan).map((name) => `--unshare-${name}`),
    '--die-with-parent',
    '--clearenv',
    ...[...plan.environment].flatMap(([name, value]) => ['--setenv', name, value]),
    ...mountArguments(plan.mounts, dataFiles, filterDescriptor + 1),
    ...procArguments(plan),
    // The tmpfs of / is writable, of half the memory, unless said otherwise.
    ...['--remount-ro', '/'],
    ...['--chdir', plan.workdir],
    ...['--seccomp', String(filterDescriptor)],
    '--',
    ...(plan.way === 'user-namespace' ? [] : setprivArguments(plan)),
    ...gate,
  ];
}

/** Of setpriv(1): user, group and exactly the granted groups. */
export function userArguments({ uid, gid, groups }: Pick<SandboxPlan, 'uid' | 'gid' | 'groups'>): string[] {
  return [
    ...['--reuid', String(uid), '--regid', String(gid)],
    ...(groups.length === 0 ? ['--clear-groups'] : ['--groups', groups.join(',')]),
  ];
}

/** What the inner `setpriv` needs and drops. A set by name, since bubblewrap keeps nothing else for it to hand on. */
export const SETPRIV_NEEDS = ['CAP_SETUID', 'CAP_SETGID', 'CAP_SETPCAP'] as const;

function rootArguments({ capabilities }: SandboxPlan): string[] {
  const kept = new Set([...SETPRIV_NEEDS, ...capabilities]);
  return ['--cap-drop', 'ALL', ...[...kept].flatMap((name) => ['--cap-add', name])];
}

/** setpriv changes the user first and raises the ambient set last: setresuid(2) clears it (capabilities(7)). */
function setprivArguments(plan: SandboxPlan): string[] {
  const granted = plan.capabilities.map((name) => `+${name.slice('CAP_'.length).toLowerCase()}`);
  const exactly = ['-all', ...granted].join(',');
  const sets = ['inh', 'ambient'].map((set) => `--${set}-caps=${exactly}`);
  return [SETPRIV, ...userArguments(plan), ...sets, ...[`--bounding-set=${exactly}`, '--no-new-privs', '--']];
}
