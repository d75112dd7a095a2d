import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeDevelopmentFolder, permitAll } from '../../../scripts/development-folder.ts';
import type { LaunchHost } from '../../../src/monitor/configuration/launch-host.ts';
import { launcherFor } from '../../../src/monitor/configuration/launcher.ts';
import { loadGeneration } from '../../../src/monitor/configuration/load.ts';
import type { DriverPlan } from '../../../src/monitor/configuration/plan.ts';
import { resolveInRoot } from '../../../src/monitor/configuration/root-folder.ts';
import { whyNoRootFolder } from '../../../src/monitor/configuration/way.ts';
import { findInstallation } from '../../../src/monitor/installation.ts';
import { parseOptions } from '../../../src/monitor/options.ts';
import { parseProfile } from '../../../src/shared/configuration/profile.ts';

let folder: string;
/** As little as a root folder can be: nothing is started on it. */
let root: string;

beforeEach(() => {
  process.umask(0o022);
  folder = mkdtempSync(join(tmpdir(), 'driverd-test-'));
  chmodSync(folder, 0o755);
  root = join(folder, 'root');
  for (const part of ['usr/bin', 'etc', 'srv', 'run', 'tmp', 'proc', 'driver'])
    mkdirSync(join(root, part), { recursive: true });
  symlinkSync('usr/bin', join(root, 'bin'));
  for (const name of ['sh', 'getent', 'true']) copyFileSync('/bin/true', join(root, 'usr/bin', name));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The plans of a development configuration whose profiles are these. */
function load(profiles: Readonly<Record<string, string>>): ReadonlyMap<string, DriverPlan> {
  const own = mkdtempSync(join(folder, 'configuration-'));
  chmodSync(own, 0o755);
  const texts = Object.entries(profiles).map(([name, text]) => [
    name,
    `version: 1\ndriver: accounts\n${text}`,
  ]);
  const { state } = makeDevelopmentFolder(own, Object.fromEntries(texts), permitAll(0));
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const options = parseOptions(['--development', '--config', own, '--state', state]);
  return loadGeneration(1, options, findInstallation(), new Set()).drivers;
}

const one = (text: string): DriverPlan | undefined => load({ one: text }).get('one');

test('a profile with a root sees its entries, each bound by itself, and none that a sandbox has of its own', () => {
  const sandbox = one(`root: ${root}`)?.sandbox;
  const place = realpathSync(root);
  const theirs = sandbox?.mounts.filter((mount) =>
    mount.kind === 'link' ? mount.to === 'usr/bin' : 'source' in mount && mount.source.startsWith(place),
  );
  expect(theirs).toEqual([
    { kind: 'link', to: 'usr/bin', target: '/bin' },
    ...['etc', 'srv', 'usr'].map((name) => ({ kind: 'read', source: join(place, name), target: `/${name}` })),
  ]);
  expect(sandbox?.mounts.some((mount) => 'source' in mount && mount.source === '/usr')).toBe(false);
});

test('its program is one of the root folder, not of this host', () => {
  expect(one(`root: ${root}`)?.programFile).toBe(join(realpathSync(root), 'usr/bin/getent'));
  rmSync(join(root, 'usr/bin/getent'));
  expect(() => one(`root: ${root}`)).toThrow(/its root .* has no \/usr\/bin\/getent/);
});

describe('a root folder is refused', () => {
  test('that everybody can write, sticky or not, or whose shell everybody can write (invariant 15)', () => {
    chmodSync(root, 0o1777);
    expect(() => one(`root: ${root}`)).toThrow(/one\.yaml:3: root: Cannot trust .*: everybody can write it/);
    chmodSync(root, 0o755);
    chmodSync(join(root, 'usr/bin/sh'), 0o777);
    expect(() => one(`root: ${root}`)).toThrow(
      /one\.yaml:3: root: Cannot trust .*sh: everybody can write it/,
    );
  });

  test('that has no shell of its own: a link to the host’s is none', () => {
    rmSync(join(root, 'usr/bin/sh'));
    expect(() => one(`root: ${root}`)).toThrow(/has no \/bin\/sh, which starts every driver/);
    symlinkSync('/etc/../../../../../bin/dash', join(root, 'usr/bin/sh'));
    expect(() => one(`root: ${root}`)).toThrow(/has no \/bin\/sh/);
  });

  test('that is driverd’s own, or holds it', () => {
    expect(() => one('root: /')).toThrow(/cannot be one: .* is driverd's own/);
    expect(() => one(`root: ${folder}`)).toThrow(/cannot be one: .* is driverd's own/);
  });

  test('that has no place for what is granted below one of its folders, or only a link', () => {
    const granted = (at: string): string =>
      `root: ${root}\nfilesystem: { read: [{ path: /etc, at: ${at} }] }`;
    expect(one(granted('/elsewhere'))).toBeDefined();
    expect(one(granted('/srv'))).toBeDefined();
    expect(() => one(granted('/srv/data'))).toThrow(
      /root: it has no place for \/srv\/data: make the folder .*\/root\/srv\/data/,
    );
    symlinkSync('/etc', join(root, 'srv/data'));
    expect(() => one(granted('/srv/data'))).toThrow(/it has no place for \/srv\/data/);
    rmSync(join(root, 'srv/data'));
    mkdirSync(join(root, 'srv/data'));
    expect(one(granted('/srv/data'))).toBeDefined();
  });

  test('whose own link stands where something is granted: places would be made behind it, on the host', () => {
    symlinkSync('/etc', join(root, 'data'));
    for (const at of ['/data', '/data/x'])
      expect(() => one(`root: ${root}\nfilesystem: { read: [{ path: /srv, at: ${at} }] }`)).toThrow(
        `root: ${at} would lie behind its link /data`,
      );
  });

  test('that some driver may write, or a part of it (invariant 7)', () => {
    const write = (path: string): string => `filesystem: { write: [{ path: ${path}, at: /work }] }`;
    expect(() => load({ one: `root: ${root}`, two: write(join(root, 'srv')) })).toThrow(
      /Cannot load profile one: (two may write|.* which two may write)/,
    );
    mkdirSync(join(root, 'usr/lib'));
    expect(() => load({ one: `root: ${root}`, two: write(join(root, 'usr/lib')) })).toThrow(
      /Cannot load profile one: two may write .*usr\/lib in its root/,
    );
  });
});

test('links of a root folder are followed as they are from inside', () => {
  symlinkSync('/usr/bin/true', join(root, 'etc/absolute'));
  symlinkSync('../../../../usr/bin/true', join(root, 'etc/above'));
  symlinkSync('loop', join(root, 'etc/loop'));
  writeFileSync(join(root, 'etc/file'), '');
  for (const name of ['absolute', 'above'])
    expect(resolveInRoot(root, `/etc/${name}`)).toBe(join(root, 'usr/bin/true'));
  for (const path of ['/etc/loop', '/etc/none', '/etc/file/below'])
    expect(resolveInRoot(root, path)).toBe(null);
});

describe('containers need', () => {
  const container = 'launcher: container\nroot: /srv\n';
  const profile = (text: string) => parseProfile('/x/one.yaml', Buffer.from(`version: 1\n${text}`));
  const host = (isRoot: boolean, lacking: readonly string[]): LaunchHost => ({
    isRoot,
    lacks: (names) => names.filter((name) => lacking.includes(name)),
    userNamespaceBy: () => 'unshare' as const,
  });

  test('a daemon that runs as root with certain capabilities; else they are refused, or fall back', () => {
    for (const [place, why] of [
      [host(false, []), 'it needs a daemon that runs as root'],
      [
        host(true, ['CAP_SYS_ADMIN', 'CAP_NET_RAW']),
        'driverd lacks CAP_SYS_ADMIN, which driverd.service.d/with-containers.conf adds',
      ],
    ] as const) {
      expect(() => launcherFor(profile(container), place)).toThrow(`one.yaml:2: launcher: container: ${why}`);
      expect(launcherFor(profile(`${container}fallback: sandbox\n`), place)).toEqual({
        kind: 'sandbox',
        fallback: why,
      });
    }
  });

  test('a profile without root as user and without a capability, whatever it falls back to', () => {
    for (const [grant, why] of [
      ['capabilities: [CAP_NET_RAW]', 'capabilities: a container gets none'],
      ['user: root\naccept_root: since the test wants it', 'user: nobody is root in a container'],
    ] as const)
      expect(() => launcherFor(profile(`${container}fallback: sandbox\n${grant}`), host(true, []))).toThrow(
        why,
      );
  });
});

test('a root folder needs a user namespace of its own: without, a program of it would run as root (invariant 7)', () => {
  const wanted = {
    uid: 70_001,
    gid: 70_001,
    groups: [],
    mounts: [],
    capabilities: [],
    network: 'none',
  } as const;
  const host = { isRoot: true, lacks: () => [], userNamespaceBy: () => null };
  expect(whyNoRootFolder(wanted, host)).toMatch(/makes no user namespaces .* would run as root/);
  expect(whyNoRootFolder({ ...wanted, capabilities: ['CAP_NET_RAW'] }, host)).toMatch(/granted capability/);
  expect(whyNoRootFolder(wanted, { ...host, userNamespaceBy: () => 'unshare' as const })).toBe(null);
});
