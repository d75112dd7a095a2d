import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  type HostPart,
  installCommand,
  missingParts,
  packageManager,
} from '../../scripts/setup/host-parts.ts';

const part = (name: string): HostPart => ({
  name,
  packages: { apt: `${name}2`, dnf: name, pacman: name, zypper: `${name}2` },
  isThere: () => false,
});

describe('npm run setup', () => {
  test.each([
    ['ID=debian\nVERSION_ID="12"\n', 'apt'],
    ['NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\n', 'apt'],
    ['ID="rocky"\nID_LIKE="rhel centos fedora"\n', 'dnf'],
    ['ID=fedora\n', 'dnf'],
    ['ID=manjaro\nID_LIKE=arch\n', 'pacman'],
    ['ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\n', 'zypper'],
    ['ID=plan9\n', null],
    ['', null],
  ])('knows the package manager of %j', (osRelease, manager) => {
    expect(packageManager(osRelease)).toBe(manager);
  });

  test('names all missing packages in one command that can be pasted', () => {
    expect(installCommand('apt', [part('one'), part('two')])).toBe(
      "sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends one2 two2'",
    );
    expect(installCommand('dnf', [part('one'), part('two')])).toBe('sudo dnf install -y one two');
  });

  test('finds all that the tests need on this host', () => {
    expect(missingParts().map(({ name }) => name)).toEqual([]);
  });

  test('refuses a Node below the floor for known JSON and hash flooding fixes (J5, O15)', () => {
    const script = fileURLToPath(new URL('../../scripts/setup.mjs', import.meta.url));
    const pretend = "Object.defineProperty(process.versions, 'node', { value: '24.14.0' })";
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, script],
      { encoding: 'utf8' },
    );
    expect(status).toBe(1);
    expect(stderr).toMatch(/^Cannot set up driverd: this is Node 24\.14\.0, needed is 24\.14\.1 or newer\./);
  });
});
