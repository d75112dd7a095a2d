import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../../scripts/development-folder.ts';
import { callOnce } from '../support/client.ts';
import { startTestDaemon, type TestDaemon, type TestDaemonOptions } from '../support/daemon.ts';
import { testRootFolder } from '../support/root-folder.ts';

const BINARY = Buffer.from([1, 0, 255, 10, 13, 0, 128, 200, 7]);

let root: string;
beforeAll(() => {
  root = testRootFolder();
}, 300_000);

const inContainer = (more = ''): string =>
  `version: 1\ndriver: attempt\nlauncher: container\nroot: ${root}\n${more}`;
const run = (daemon: TestDaemon, words: readonly string[], profile = 'attempt') =>
  callOnce(daemon.socket, `${profile}.run`, { words, _meta: { reply: true } });
const launchesOf = (daemon: TestDaemon): Record<string, unknown>[] =>
  daemon
    .records()
    .filter(({ event }) => event === 'launch')
    .map(({ facts }) => facts['isolation'] as Record<string, unknown>);

/** A daemon, a call, the isolations of its launches, and its end. */
async function inDaemon<T>(
  options: TestDaemonOptions,
  tries: (daemon: TestDaemon) => Promise<T>,
): Promise<T> {
  const daemon = await startTestDaemon(options);
  try {
    return await tries(daemon);
  } finally {
    await daemon.stop();
  }
}

describe('a driver in a container', () => {
  let daemon: TestDaemon;
  let secrets: string;
  beforeAll(async () => {
    secrets = mkdtempSync(join(tmpdir(), 'driverd-test-'));
    writeFileSync(join(secrets, 'binary'), BINARY, { mode: 0o600 });
    writeFileSync(join(secrets, 'text'), 'a secret of the test\n', { mode: 0o600 });
    const of = (name: string, file: string, more = ''): string =>
      `{ name: ${name}, file: ${join(secrets, file)}${more} }`;
    const all = [
      of('binary', 'binary'),
      of('text', 'text'),
      of('handed', 'text', ', as: descriptor, variable: HANDED'),
      of('said', 'text', ', as: environment, variable: SAID'),
    ];
    daemon = await startTestDaemon({
      profiles: {
        attempt: inContainer(),
        secretive: inContainer(`secrets: [${all.join(', ')}]\n`),
        random: inContainer('devices: [/dev/full]\n'),
      },
    });
  });
  afterAll(async () => {
    await daemon.stop();
    rmSync(secrets, { recursive: true });
  });

  test('sees the root folder, read-only, and of this host nothing but what every sandbox has', async () => {
    const listed = await run(daemon, ['list', '/']);
    const own = ['dev', 'driver', 'proc', 'tmp'];
    const theirs = readdirSync(root).filter((name) => !['run', 'sys', ...own].includes(name));
    expect(listed.result.stdout.value.toSorted()).toEqual([...theirs, ...own].toSorted());
    const release = await run(daemon, ['read', '/etc/debian_version']);
    expect(release.result.stdout.value).toBe(readFileSync(join(root, 'etc/debian_version'), 'utf8'));
    expect((await run(daemon, ['read', '/etc/driverd'])).result.stdout).toEqual({ errno: 'ENOENT' });
    expect((await run(daemon, ['write', '/etc/x'])).result.stdout).toEqual({ errno: 'EROFS' });
  });

  test('is said to be in one beforehand, in its reply and in its record, and how it is held', async () => {
    const planned = await callOnce(daemon.socket, 'rpc.isolation');
    const before = planned.result.drivers.find(({ name }: { name: string }) => name === 'attempt').isolation;
    const reply = await run(daemon, ['umask']);
    const isolation: unknown = reply._meta?.['isolation'];
    const { groups, ...applied } = isolation as Record<string, unknown>;
    expect(before).toMatchObject(applied);
    expect(applied).toMatchObject({
      ...{ launcher: 'container', way: 'runc', fallback: false, network: 'none', capabilities: [] },
      ...{ no_new_privs: true, namespaces: ['pid', 'ipc', 'uts', 'net', 'cgroup', 'mount'] },
    });
    expect(applied['degraded']).toContain('processes');
    expect(launchesOf(daemon).at(-1)).toMatchObject(applied);
  });

  test('gets its secrets as files, descriptors and variables', async () => {
    const words = 'sha256sum </run/secrets/binary; cat /run/secrets/text; stat -c %s:%a:%u /run/secrets/*';
    const files = (await run(daemon, ['shell', words], 'secretive')).result.stdout.value;
    const digest = createHash('sha256').update(BINARY).digest('hex');
    expect(files).toBe(`${digest}  -\n[REDACTED:text]9:444:0\n21:444:0`);
    expect((await run(daemon, ['write', '/run/secrets/text'], 'secretive')).result.stdout.errno).toMatch(
      /EROFS|EACCES/,
    );
    const { value } = (await run(daemon, ['environment'], 'secretive')).result.stdout;
    expect(value).toMatchObject({ HANDED: '7', SAID: '[REDACTED:text]' });
    expect((await run(daemon, ['descriptors'], 'secretive')).result.stdout.value).toEqual([0, 1, 2, 7]);
  });

  test('gets a granted device', async () => {
    expect((await run(daemon, ['write', '/dev/full'], 'random')).result.stdout).toEqual({ errno: 'ENOSPC' });
    expect((await run(daemon, ['write', '/dev/full'])).result.stdout).toEqual({ errno: 'EROFS' });
  });

  test('finds the usual paths of /proc masked (CVE-2025-31133 was a way around that)', async () => {
    for (const path of ['/proc/keys', '/proc/timer_list'])
      expect((await run(daemon, ['read', path])).result.stdout).toEqual({ ok: true, value: '' });
    expect((await run(daemon, ['write', '/dev/null'])).result.stdout).toMatchObject({ ok: true });
    const words = 'rm /dev/null; ln -sf /proc/sys /dev/null; stat -c %F /dev/null';
    const { value } = (await run(daemon, ['shell', words])).result.stdout;
    expect(value).toMatch(/character special file$/);
  });

  test('is no pid 1: signals end it as anywhere, and orphans are buried', async () => {
    const words =
      'for i in 1 2 3; do (sleep 0.1 &) ; done; sleep 0.5; grep -c "^State:.Z" /proc/[0-9]*/status | grep -c ":1$"';
    expect((await run(daemon, ['shell', words])).result.stdout.value).toMatch(/^0/);
    const killed = await callOnce(daemon.socket, 'attempt.run', {
      words: ['shell', 'kill -TERM $PPID; sleep 5'],
    });
    expect(killed.error?.data).toMatchObject({ reason: 'driver-failed', driver: { signal: 15 } });
  });

  test('leaves nothing of its container behind', async () => {
    await run(daemon, ['umask']);
    const containers = join(daemon.state, 'containers');
    const left = (): string[] => ['bundles', 'runc'].flatMap((part) => readdirSync(join(containers, part)));
    await expect.poll(left, { timeout: 10_000 }).toEqual([]);
    await expect.poll(() => globSync('/dev/shm/driverd-*'), { timeout: 10_000 }).toEqual([]);
  });
});

describe('where this host starts no containers', () => {
  /** In a mount namespace of its own, so that the host keeps its runc. */
  const withoutRunc = [
    'unshare',
    '--mount',
    '/bin/sh',
    '-c',
    'mount -t tmpfs none /usr/sbin && exec "$@"',
    'sh',
  ];
  const withFewCapabilities = ['setpriv', '--bounding-set=-sys_admin', '--inh-caps=-all', '--'];

  test.each([
    ['runc is missing', withoutRunc, 'this host has no runc (/usr/sbin/runc, /usr/bin/runc)'],
    [
      'a capability is missing',
      withFewCapabilities,
      'driverd lacks CAP_SYS_ADMIN, which driverd.service.d/with-containers.conf adds',
    ],
  ])('and %s, its profile is refused when it is loaded', async (_what, wrap, why) => {
    await expect(startTestDaemon({ wrap, profiles: { attempt: inContainer() } })).rejects.toThrow(
      `attempt.yaml:3: launcher: container: ${why}`,
    );
  });

  test('a profile that says so falls back to the sandbox on the same root folder, and every such launch is on record as a fallback (invariant 8)', async () => {
    const wrap = withoutRunc;
    await inDaemon({ wrap, profiles: { attempt: inContainer('fallback: sandbox\n') } }, async (daemon) => {
      const fallback = {
        launcher: 'bubblewrap',
        fallback: true,
        fallback_reason: expect.stringContaining('no runc'),
      };
      const planned = await callOnce(daemon.socket, 'rpc.isolation');
      expect(planned.result.drivers[0].isolation).toMatchObject(fallback);
      // On a terminal it is written for people.
      const words = `${process.execPath} ${join(ROOT, 'dist/driverctl/main.js')} doctor --socket ${daemon.socket}`;
      const { stdout } = spawnSync('script', ['-qec', words, '/dev/null'], { encoding: 'utf8' });
      expect(stdout).toMatch(/falls back to the sandbox: this host has no runc/);
      for (let call = 0; call < 2; call += 1) {
        const reply = await run(daemon, ['read', '/etc/debian_version']);
        expect(reply.result.stdout.value).toBe(readFileSync(join(root, 'etc/debian_version'), 'utf8'));
        expect(reply._meta?.['isolation']).toMatchObject(fallback);
      }
      expect(launchesOf(daemon)).toEqual([
        expect.objectContaining(fallback),
        expect.objectContaining(fallback),
      ]);
    });
  });
});

test('no more capabilities are needed than the unit has with its drop-in', async () => {
  const units = ['driverd.service', 'driverd.service.d/with-containers.conf'].map((name) =>
    readFileSync(join(ROOT, 'systemd', name), 'utf8'),
  );
  const held = units.flatMap((text) => text.match(/^CapabilityBoundingSet=(.*)$/m)?.[1]?.split(' ') ?? []);
  const set = held.map((name) => `+${name.replace(/^CAP_/, '').toLowerCase()}`);
  const wrap = ['setpriv', `--bounding-set=-all,${set.join(',')}`, '--inh-caps=-all', '--no-new-privs', '--'];
  await inDaemon({ wrap, profiles: { attempt: inContainer() } }, async (daemon) => {
    expect((await run(daemon, ['umask'])).result).toMatchObject({ stdout: { ok: true } });
    expect(launchesOf(daemon)).toMatchObject([{ launcher: 'container' }]);
  });
});

test('with cgroup v2 alone a container is put into its launch’s cgroup, by which it is killed', async () => {
  const script = 'umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec "$@"';
  const wrap = ['unshare', '--mount', '/bin/sh', '-c', script, 'sh'];
  await inDaemon({ wrap, profiles: { attempt: inContainer() } }, async (daemon) => {
    const reply = await run(daemon, ['umask']);
    expect(reply.error).toBeUndefined();
    expect(launchesOf(daemon)).toMatchObject([{ launcher: 'container', cgroup: 'kill' }]);
  });
});
