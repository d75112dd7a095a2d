import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { debianMirror } from './debian-mirror.ts';

const RELEASE = 'bookworm';
/** What the root folder of tests holds beside a minimal Debian. */
const PACKAGES = ['python3'];
/** A root folder is made once a machine; whoever keeps caches elsewhere says where. */
const CACHE = process.env['DRIVERD_ROOT_CACHE'] ?? '/var/cache/driverd-test-root';

/** All of it, or nothing that has its name. */
const MAKE = `
umask 022
test -e "$1" && exit 0
rm -rf "$1.part"
PATH=$PATH:/usr/sbin:/sbin debootstrap --variant=minbase --include="$2" "$3" "$1.part" "$4" >"$1.log" || {
  tail -n 3 "$1.log" >&2
  exit 1
}
mv "$1.part" "$1"
`;

/**
 * A folder with a whole system, made by debootstrap from the archive that this host's own apt uses; about a minute when it
 * is made, nothing afterwards. Nobody writes into it.
 * @throws Error where this host cannot make one
 */
export function testRootFolder(): string {
  const name = createHash('sha256')
    .update(JSON.stringify([RELEASE, PACKAGES, process.arch]))
    .digest('hex');
  const folder = join(CACHE, name.slice(0, 16));
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE, { recursive: true, mode: 0o755 });
  // Two workers may ask at once.
  const words = ['/bin/sh', '-c', MAKE, 'sh', folder, PACKAGES.join(','), RELEASE, debianMirror(RELEASE)];
  const { status, stderr, error } = spawnSync('flock', [join(CACHE, 'lock'), ...words], { encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`Cannot make a root folder for tests: ${error?.message ?? stderr.trim()}`);
  return folder;
}
