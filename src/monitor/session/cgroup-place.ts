import type { Container, SystemdUnit } from '../../shared/caller.ts';

/** Where a process stands in the host's tree of cgroups. */
export interface CgroupPlace {
  readonly unit: SystemdUnit | null;
  readonly container: Container | null;
}

const UNIT = /\.(?:service|scope)$/;
const USER_MANAGER = /^user@\d+\.service$/;
const LONGEST_ID = 64;

/** How engines name a container's cgroup; the group is its id. */
const NAMES: readonly (readonly [Container['runtime'], RegExp])[] = [
  ['docker', /^docker-([0-9a-f]{64})\.scope$/],
  ['podman', /^libpod-(?:payload-)?([0-9a-f]{64})(?:\.scope)?$/],
  ['kubernetes', /^(?:cri-containerd|crio)-([0-9a-f]{64})\.scope$/],
  ['nspawn', /^systemd-nspawn@(.+)\.service$/],
  ['nspawn', /^machine-(?!qemu)(.+)\.scope$/],
  ['lxc', /^lxc\.payload\.(.+)$/],
];
/** Engines that make folders of their own (cgroupfs): the name of the folder above tells which. */
const FOLDERS: ReadonlyMap<string, Container['runtime']> = new Map([
  ['docker', 'docker'],
  ['libpod_parent', 'podman'],
  ['lxc', 'lxc'],
]);

/**
 * Reads a /proc/PID/cgroup text: the first service or scope of the path in systemd's own hierarchy; below
 * `user@UID.service`, a unit of that user's manager. What lies inside a container is none of the host's: units there are
 * named by whoever is root in it.
 * @param own the container that this daemon is in: who is in that one alone is in none, who is in one inside of it is in that
 * @returns null: it lies outside of this daemon's namespace (cgroup_namespaces(7)), so that nothing is known of it
 */
export function placeOf(cgroup: string, own: Container | null = null): CgroupPlace | null {
  const parts = pathForSystemd(cgroup).split('/').filter(Boolean);
  if (parts.includes('..')) return null;
  const at = parts.findIndex((_part, index) => containerAt(parts, index) !== null);
  const outside = at === -1 ? parts : parts.slice(0, at + 1);
  const [first, second] = outside.filter((part) => UNIT.test(part));
  const manager = first !== undefined && USER_MANAGER.test(first) ? 'user' : 'system';
  const found = parts
    .map((_part, index) => containerAt(parts, index))
    .find((one) => one !== null && !(one.runtime === own?.runtime && one.id === own.id));
  return {
    unit: unitOf(first, second, manager),
    container: found ? { ...found, manager } : null,
  };
}

/**
 * `name=systemd` where there is one (version 1, and the hybrid layout). A systemd that uses the unified hierarchy alone, on
 * a kernel where the other was mounted too, such as in a container, leaves every process at the root of that one.
 */
function pathForSystemd(cgroup: string): string {
  const lines = cgroup.split('\n').map((line) => line.split(':'));
  const pathOf = (line: readonly string[] | undefined): string => line?.slice(2).join(':') ?? '';
  const named = pathOf(lines.find((fields) => fields[1] === 'name=systemd'));
  return named === '' || named === '/' ? pathOf(lines.find((fields) => fields[0] === '0')) : named;
}

function unitOf(
  first: string | undefined,
  second: string | undefined,
  manager: SystemdUnit['manager'],
): SystemdUnit | null {
  if (first === undefined) return null;
  return manager === 'user' && second !== undefined
    ? { manager, name: second }
    : { manager: 'system', name: first };
}

function containerAt(parts: readonly string[], index: number): Omit<Container, 'manager'> | null {
  const part = parts[index] ?? '';
  for (const [runtime, pattern] of NAMES) {
    const id = pattern.exec(part)?.[1];
    if (id !== undefined) return { runtime, id: printable(id) };
  }
  const runtime = FOLDERS.get(parts[index - 1] ?? '');
  if (runtime === 'lxc') return { runtime, id: printable(part) };
  if (!/^[0-9a-f]{64}$/.test(part)) return null;
  if (runtime !== undefined) return { runtime, id: part };
  return parts.slice(0, index).some((above) => above.startsWith('kubepods'))
    ? { runtime: 'kubernetes', id: part }
    : null;
}

function printable(id: string): string {
  return id.slice(0, LONGEST_ID).replace(/[^\x21-\x7e]/g, '?');
}
