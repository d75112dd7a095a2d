import { spawnSync } from 'node:child_process';

/**
 * Where this host's own apt gets a release of Debian from.
 *
 * @throws Error where it knows no such place
 */
export function debianMirror(release: string): string {
  const wanted = ['Created-By: Packages', `Codename: ${release}`, 'Origin: Debian', 'Component: main'];
  const { stdout } = spawnSync('apt-get', ['indextargets', '--format', '$(REPO_URI)', ...wanted], {
    encoding: 'utf8',
  });
  const [address] = (stdout ?? '').split('\n').filter(Boolean);
  if (address === undefined)
    throw new Error(
      `Cannot make a Debian for tests: this host's apt names no mirror of Debian ${release}; ` +
        'add one to its sources and run `apt-get update`',
    );
  return address;
}
