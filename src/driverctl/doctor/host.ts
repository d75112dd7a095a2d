import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What a check needs to know of a host; a test gives it another one. */
export interface Host {
  /** The text of a file of /proc or /sys, or null where it cannot be read. */
  read(path: string): string | null;
  /** Runs a program to its end; null where there is none of that name. */
  run(
    program: string,
    words: readonly string[],
  ): { readonly status: number | null; readonly output: string } | null;
}

/** How well a host has something: `ok`; `weaker`: driverd runs without, and says so; `missing`: it does not run. */
export type State = 'ok' | 'weaker' | 'missing';

export interface Finding {
  readonly name: string;
  readonly state: State;
  /** What was found. */
  readonly found: string;
  /** What to change, with the file or the command; null where nothing is to be done. */
  readonly advice: string | null;
}

const RUN_WITHIN_MS = 10_000;
const NAMESPACE_SETTINGS = '/etc/sysctl.d/60-driverd.conf';
/** SO_PEERPIDFD: a caller's systemd unit can be proven. */
const UNITS_SINCE = [6, 5] as const;

/** This host. */
export function thisHost(): Host {
  return {
    read(path) {
      try {
        return readFileSync(path, 'utf8');
      } catch (error) {
        if (error instanceof Error && 'code' in error) return null;
        throw error;
      }
    },
    run(program, words) {
      const { status, stdout, error } = spawnSync(program, words, {
        encoding: 'utf8',
        timeout: RUN_WITHIN_MS,
      });
      return error === undefined ? { status, output: String(stdout) } : null;
    },
  };
}

/** Everything that driverd uses of a host, in the order in which it matters. */
export function examine(host: Host): readonly Finding[] {
  return [
    bubblewrap(host),
    setpriv(host),
    userNamespaces(host),
    seccomp(host),
    cgroup(host),
    memoryLimit(host),
    landlock(host),
    callerUnits(host),
    runc(host),
  ];
}

const ok = (name: string, found: string): Finding => ({ name, state: 'ok', found, advice: null });

function bubblewrap(host: Host): Finding {
  const name = 'bubblewrap';
  const version = host.run('bwrap', ['--version']);
  if (version?.status === 0) return ok(name, version.output.trim());
  return { name, state: 'missing', found: 'there is no program bwrap', advice: 'apt-get install bubblewrap' };
}

function setpriv(host: Host): Finding {
  const name = 'setpriv';
  const version = host.run('setpriv', ['--version']);
  if (version?.status === 0) return ok(name, version.output.trim());
  return {
    name,
    state: 'missing',
    found: 'there is no program setpriv',
    advice: 'apt-get install util-linux',
  };
}

function userNamespaces(host: Host): Finding {
  const name = 'user namespaces';
  const settings: readonly [path: string, forbids: (text: string) => boolean, line: string][] = [
    ['/proc/sys/user/max_user_namespaces', (text) => Number(text) === 0, 'user.max_user_namespaces=15000'],
    [
      '/proc/sys/kernel/unprivileged_userns_clone',
      (text) => text.trim() === '0',
      'kernel.unprivileged_userns_clone=1',
    ],
    [
      '/proc/sys/kernel/apparmor_restrict_unprivileged_userns',
      (text) => text.trim() === '1',
      'kernel.apparmor_restrict_unprivileged_userns=0',
    ],
  ];
  const forbidding = settings.filter(([path, forbids]) => {
    const text = host.read(path);
    return text !== null && forbids(text);
  });
  const trial = host.run('bwrap', ['--unshare-user', '--unshare-net', '--ro-bind', '/', '/', 'true']);
  if (forbidding.length === 0 && trial?.status === 0) return ok(name, 'can be made');
  const found =
    forbidding.length === 0
      ? 'cannot be made, though no known setting forbids them'
      : `forbidden by ${forbidding.map(([path]) => path).join(', ')}`;
  const lines = forbidding.map(([, , line]) => line);
  return {
    ...{ name, state: 'weaker', found },
    advice:
      lines.length === 0
        ? null
        : `put into ${NAMESPACE_SETTINGS}: ${lines.join('; ')}; then: sysctl --system. Without them driverd runs as root alone`,
  };
}

function seccomp(host: Host): Finding {
  const name = 'seccomp filters';
  const actions = host.read('/proc/sys/kernel/seccomp/actions_avail');
  if (actions?.split(/\s+/).includes('errno') === true) return ok(name, `actions: ${actions.trim()}`);
  return {
    ...{ name, state: 'missing', found: 'this kernel has none that answers with an error number' },
    advice: 'use a kernel with CONFIG_SECCOMP_FILTER',
  };
}

/** The unified tree's mount and this process's place in it, or null. */
function unifiedTree(host: Host): { readonly mount: string; readonly hybrid: boolean } | null {
  const mounts = (host.read('/proc/self/mounts') ?? '').split('\n').map((line) => line.split(' '));
  const mount = mounts.find(([, , kind]) => kind === 'cgroup2')?.[1];
  return mount === undefined ? null : { mount, hybrid: mounts.some(([, , kind]) => kind === 'cgroup') };
}

function cgroup(host: Host): Finding {
  const name = 'cgroup v2';
  const tree = unifiedTree(host);
  if (tree !== null)
    return ok(
      name,
      `mounted at ${tree.mount}${tree.hybrid ? ', beside version 1' : ''}; root's daemon kills launches by it`,
    );
  return {
    ...{ name, state: 'weaker', found: 'not mounted' },
    advice:
      'boot with systemd.unified_cgroup_hierarchy=1; without it launches are killed by their pid namespace alone',
  };
}

function memoryLimit(host: Host): Finding {
  const name = 'memory limit of a cgroup';
  const tree = unifiedTree(host);
  const controllers = tree === null ? null : host.read(`${tree.mount}/cgroup.controllers`);
  const has = controllers?.trim().split(' ').includes('memory') === true;
  if (has)
    return ok(name, 'the controller is there; a unit with Delegate= lets driverd use it for each launch');
  return {
    ...{ name, state: 'weaker', found: 'cgroup v2 has no memory controller here' },
    advice:
      'memory is limited by RLIMIT_DATA, which does not see shared mappings; records say `degraded: memory`',
  };
}

function landlock(host: Host): Finding {
  const name = 'Landlock';
  const modules = host.read('/sys/kernel/security/lsm');
  const found =
    modules === null
      ? 'not known: /sys/kernel/security/lsm cannot be read'
      : modules.split(',').includes('landlock')
        ? 'there'
        : 'not among the active security modules';
  return { name, state: 'ok', found: `${found}; driverd does not need it`, advice: null };
}

function callerUnits(host: Host): Finding {
  const name = 'callers’ systemd units';
  const release = (host.read('/proc/sys/kernel/osrelease') ?? '').trim();
  const [major = 0, minor = 0] = release.split('.').map(Number);
  const [sinceMajor, sinceMinor] = UNITS_SINCE;
  if (major > sinceMajor || (major === sinceMajor && minor >= sinceMinor))
    return ok(name, `can be proven: Linux ${release}`);
  return {
    ...{ name, state: 'weaker', found: `cannot be proven: Linux ${release} has no SO_PEERPIDFD` },
    advice: `a policy that names a unit is refused; use Linux ${sinceMajor}.${sinceMinor} or newer`,
  };
}

/** Where the daemon looks, whatever a PATH says. */
const RUNC_PLACES = ['/usr/sbin/runc', '/usr/bin/runc'];

function runc(host: Host): Finding {
  const name = 'runc';
  const [version] = RUNC_PLACES.flatMap(
    (place) => host.run(place, ['--version'])?.output.split('\n')[0] ?? [],
  );
  if (version !== undefined) return ok(name, `${version}; for profiles with \`launcher: container\` alone`);
  return {
    ...{ name, state: 'weaker', found: 'there is no runc; profiles with `launcher: container` are refused' },
    advice: 'apt-get install runc, where a profile needs it; `fallback: sandbox` in the profile does without',
  };
}
