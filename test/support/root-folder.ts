import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the root folder of tests holds beside a minimal Debian. */
const PACKAGES = ['python3'];
/** A root folder is made once a machine; whoever keeps caches elsewhere says where. */
const CACHE = process.env['DRIVERD_ROOT_CACHE'] ?? '/var/cache/driverd-test-root';

/**
 * A folder with a whole system, made by debootstrap from the packages that this host itself installs from; about a
 * minute when it is made, nothing afterwards. Nobody writes into it.
 * @throws Error where this host cannot make one
 */
export function testRootFolder(): string {
  const { codename, mirror } = ownSource();
  const what = JSON.stringify([codename, mirror, PACKAGES, process.arch]);
  const folder = join(CACHE, createHash('sha256').update(what).digest('hex').slice(0, 16));
  mkdirSync(CACHE, { recursive: true, mode: 0o755 });
  const script = [
    'umask 022; test -e "$1" && exit 0; rm -rf "$1.part"',
    `debootstrap --variant=minbase --include=${PACKAGES.join(',')} "$2" "$1.part" "$3" >&2 || exit 1`,
    'mv "$1.part" "$1"',
  ].join('\n');
  // Two workers may ask at once.
  const words = [join(CACHE, 'lock'), '/bin/sh', '-c', script, 'sh', folder, codename, mirror];
  const { status, stderr, error } = spawnSync('flock', words, { encoding: 'utf8' });
  if (status === 0 && existsSync(join(folder, 'bin/sh'))) return folder;
  throw new Error(`Cannot make a root folder for tests: ${error?.message ?? stderr.slice(-500)}`);
}

/** Where apt of this host gets the main archive of this release from. */
function ownSource(): { codename: string; mirror: string } {
  const [, codename = ''] = readFileSync('/etc/os-release', 'utf8').match(/^VERSION_CODENAME=(.*)$/m) ?? [];
  const format = '$(CODENAME) $(COMPONENT) $(REPO_URI)';
  const { stdout } = spawnSync('apt-get', ['indextargets', '--format', format, 'Identifier: Packages'], {
    encoding: 'utf8',
  });
  const lines = String(stdout)
    .split('\n')
    .map((line) => line.split(' '));
  const mirror = lines.find(([name, component]) => name === codename && component === 'main')?.[2];
  if (codename === '' || mirror === undefined)
    throw new Error('Cannot make a root folder for tests: apt knows no archive of this release');
  return { codename, mirror };
}
