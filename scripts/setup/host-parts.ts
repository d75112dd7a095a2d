import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import koffi from 'koffi';

/** How a distribution's packages are installed. */
export type PackageManager = 'apt' | 'dnf' | 'pacman' | 'zypper';

/** Something of the host's that driverd or its tests need. */
export interface HostPart {
  readonly name: string;
  readonly packages: Readonly<Record<PackageManager, string>>;
  /** Asks for the thing itself, not for the package: it may have come another way. */
  readonly isThere: () => boolean;
}

/** A program that the tests start; its package has one name for apt and another for the rest. */
function testProgram(program: string, apt: string, others: string): HostPart {
  return {
    name: `${apt} (the program ${program}, for the tests)`,
    packages: { apt, dnf: others, pacman: others, zypper: others },
    isThere: () => isOnPath(program),
  };
}

/** A program that only the tests of root start. */
function rootsTestProgram(program: string): HostPart {
  return {
    name: `${program} (for the tests that need root)`,
    packages: { apt: program, dnf: program, pacman: program, zypper: program },
    isThere: () => process.getuid?.() !== 0 || isOnPath(program),
  };
}

/** All that driverd needs of the host beside Node, and then what its tests use. */
export const hostParts: readonly HostPart[] = [
  {
    name: 'bubblewrap (the program bwrap)',
    packages: { apt: 'bubblewrap', dnf: 'bubblewrap', pacman: 'bubblewrap', zypper: 'bubblewrap' },
    isThere: () => runs('bwrap'),
  },
  {
    name: 'libseccomp (the library libseccomp.so.2)',
    packages: { apt: 'libseccomp2', dnf: 'libseccomp', pacman: 'libseccomp', zypper: 'libseccomp2' },
    isThere: () => loads('libseccomp.so.2'),
  },
  {
    name: 'util-linux (the program setpriv)',
    packages: { apt: 'util-linux', dnf: 'util-linux', pacman: 'util-linux', zypper: 'util-linux' },
    isThere: () => runs('setpriv'),
  },
  testProgram('socat', 'socat', 'socat'),
  testProgram('strace', 'strace', 'strace'),
  testProgram('python3', 'python3', 'python3'),
  testProgram('script', 'bsdutils', 'util-linux'),
  testProgram('ps', 'procps', 'procps-ng'),
  rootsTestProgram('runc'),
  rootsTestProgram('debootstrap'),
];

/** A program that `npm run bench` measures beside driverd. */
function benchProgram(program: string): HostPart {
  return {
    name: `${program} (to be measured beside driverd)`,
    packages: { apt: program, dnf: program, pacman: program, zypper: program },
    isThere: () => isOnPath(program),
  };
}

export const benchParts: readonly HostPart[] = ['sudo', 'podman', 'runc'].map(benchProgram);

/** Those of the parts that this host lacks now. */
export function missingParts(parts: readonly HostPart[] = hostParts): readonly HostPart[] {
  return parts.filter(({ isThere }) => !isThere());
}

/**
 * The package manager of a distribution, or null for one that is not known here.
 *
 * @param osRelease the text of /etc/os-release, see os-release(5): ID first, then the names in ID_LIKE
 */
export function packageManager(osRelease: string): PackageManager | null {
  for (const name of [...words(osRelease, 'ID'), ...words(osRelease, 'ID_LIKE')]) {
    if (name === 'debian' || name === 'ubuntu') return 'apt';
    if (name === 'fedora' || name === 'rhel' || name === 'centos') return 'dnf';
    if (name === 'arch') return 'pacman';
    if (name === 'suse' || name === 'opensuse') return 'zypper';
  }
  return null;
}

/** The commands, one a line, that install the missing parts; typed by an ordinary user they begin with sudo. */
export function installCommand(manager: PackageManager, missing: readonly HostPart[]): string {
  const packages = missing.map((part) => part.packages[manager]).join(' ');
  switch (manager) {
    case 'apt':
      return `sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends ${packages}'`;
    case 'dnf':
      return `sudo dnf install -y ${packages}`;
    case 'pacman':
      return `sudo pacman -S --needed ${packages}`;
    case 'zypper':
      return `sudo zypper install -y ${packages}`;
  }
}

/** Whether the user who runs this may make a user namespace with a network namespace in it, as the sandbox does. */
export function userNamespacesWork(): boolean {
  const trial = ['--unshare-user', '--unshare-net', '--ro-bind', '/', '/', 'true'];
  return spawnSync('bwrap', trial, { stdio: 'ignore' }).status === 0;
}

function runs(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
}

function isOnPath(program: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(':').filter(Boolean), '/usr/sbin', '/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function loads(library: string): boolean {
  try {
    koffi.load(library).unload();
    return true;
  } catch (error) {
    if (error instanceof Error && error.message.includes(library)) return false;
    throw error;
  }
}

function words(osRelease: string, key: string): readonly string[] {
  const line = osRelease.split('\n').find((text) => text.startsWith(`${key}=`));
  return (line ?? '')
    .slice(key.length + 1)
    .replaceAll(/["']/g, '')
    .split(' ')
    .filter(Boolean);
}
