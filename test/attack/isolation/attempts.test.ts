import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Client, connectClient } from '../../support/client.ts';
import { startTestDaemon, TEST_DRIVERS, type TestDaemon } from '../../support/daemon.ts';
import { attemptSetting } from './attempt-setting.ts';

/**
 * The attempts run in the sandbox; other files import this one to run them in another setting.
 *
 * Each attempt is a small real program, run as a driver by a real daemon. Its positive control is the same program with
 * one more grant, or outside of any sandbox: what could not have succeeded proves nothing.
 */
const PYTHON = '/usr/bin/python3';
/** A copy that every user can reach, wherever the checkout lies. */
let program: string;
const isRoot = process.geteuid?.() === 0;
const MEBIBYTE = 1_048_576;

const setting = attemptSetting();
type Got = { readonly ok?: true; readonly value?: unknown; readonly errno?: string };

let folder: string;
let daemon: TestDaemon;
let client: Client;
let neighbour: Server;
let abstractNeighbour: Server;
let bystander: ChildProcess;
/** From a checkout that drivers’ users cannot reach it is the one without a user namespace, where some things differ. */
let way: string;

const PROFILES: Readonly<Record<string, string>> = {
  attempt: '',
  'a-loopback': 'network: loopback\n',
  'a-host': 'network: host\n',
  'a-netlink': 'network: loopback\nsyscalls: { sockets: [netlink] }\n',
  'a-packet': 'syscalls: { sockets: [packet] }\n',
  'a-unshare': 'syscalls: { allow: [unshare] }\n',
  'a-processes': 'limits: { processes: 200 }\n',
  'a-memory': 'limits: { data_bytes: 67108864 }\n',
  'a-more-memory': 'limits: { data_bytes: null }\n',
  'a-spin': 'limits: { cpu_seconds: 1 }\n',
  'a-file': 'limits: { file_bytes: 1048576, scratch_bytes: 33554432 }\n',
  'a-scratch': 'filesystem: { scratch: [/scratch] }\nlimits: { scratch_bytes: 1048576 }\n',
  'a-strict': 'syscalls: { filter: strict }\n',
  'a-device': 'devices: [/dev/zero]\n',
  'a-workdir': 'workdir: /tmp\n',
};

beforeAll(async () => {
  process.umask(0o022);
  folder = mkdtempSync(join(tmpdir(), 'driverd-test-'));
  chmodSync(folder, 0o755);
  cpSync(join(TEST_DRIVERS, 'attempt'), join(folder, 'drivers/attempt'), { recursive: true });
  program = join(folder, 'drivers/attempt/attempt.py');
  const shared = join(folder, 'shared');
  mkdirSync(shared);
  chmodSync(shared, 0o777);
  writeFileSync(join(shared, 'note'), 'readable\n', { mode: 0o644 });
  writeFileSync(join(folder, 'private'), 'of the user who runs the tests\n', { mode: 0o600 });
  neighbour = createServer((socket) => socket.end()).listen(join(shared, 'neighbour.sock'));
  abstractNeighbour = createServer((socket) => socket.end()).listen(`\0driverd-test-${process.pid}`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  chmodSync(join(shared, 'neighbour.sock'), 0o777);
  if (isRoot) {
    copyFileSync('/usr/bin/id', join(shared, 'set-uid-id'));
    chmodSync(join(shared, 'set-uid-id'), 0o4755);
  }
  bystander = spawn('/bin/sleep', ['1000'], { stdio: 'ignore' });
  const files = `filesystem:\n  read: [${shared}]\n`;
  const profiles = {
    ...PROFILES,
    'a-read': files,
    'a-read-loopback': `${files}network: loopback\n`,
    'a-write': `filesystem: { write: [${shared}] }\n`,
    ...(setting.node
      ? { echo: 'driver: echo\n', 'strict-echo': 'driver: echo\nsyscalls: { filter: strict }\n' }
      : {}),
  };
  daemon = await startTestDaemon({
    profiles: asProfiles(profiles),
    settings: setting.settings,
    driverFolders: driverFolders(),
  });
  client = await connectClient(daemon.socket);
  const planned = await client.call('rpc.isolation');
  way = planned.result.drivers.find(({ name }: { name: string }) => name === 'attempt').isolation.way;
});

/** With the lines of the setting, those with a network only where it has any. */
function asProfiles(grants: Readonly<Record<string, string>>): Record<string, string> {
  const possible = Object.entries(grants).filter(
    ([, text]) => setting.networks || !/network: (?:loopback|host)/.test(text),
  );
  return Object.fromEntries(
    possible.map(([name, text]) => [
      name,
      `version: 1\n${setting.profile}${text.startsWith('driver:') ? '' : 'driver: attempt\n'}${text}`,
    ]),
  );
}

/** Copies of the drivers without Node, which every user can reach. */
function driverFolders(): string[] {
  return setting.node ? [TEST_DRIVERS] : [join(folder, 'drivers')];
}

beforeEach(({ task, skip }) => {
  const why = setting.omitted[task.name];
  if (why !== undefined) skip(why);
});

afterAll(async () => {
  client.close();
  neighbour.close();
  abstractNeighbour.close();
  bystander.kill('SIGKILL');
  await daemon.stop();
  rmSync(folder, { recursive: true });
});

/** From inside a driver. */
async function inside(words: readonly (string | number)[], profile = 'attempt'): Promise<Got> {
  const reply = await client.call(`${profile}.run`, { words: words.map(String) });
  if (reply.error !== undefined)
    throw new Error(`${reply.error.message}: ${JSON.stringify(reply.error.data)}`);
  return reply.result.stdout;
}

/** The same program in no sandbox, as the user who runs the tests; namespaces keep the host as it is. */
function outside(words: readonly (string | number)[], wrap: readonly string[] = []): Got {
  const [command = PYTHON, ...args] = [...wrap, PYTHON, '-I', '-B', program, ...words.map(String)];
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', cwd: '/' });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

const refused = (errno: string): Got => ({ errno });

describe('files that are not the driver’s (invariants 5 and 7, X2)', () => {
  const own: readonly [string, () => string][] = [
    ['the audit log', () => daemon.log],
    ['the key of the params hash', () => join(daemon.state, 'params-keys.json')],
    ['the settings', () => join(daemon.folder, 'driverd.yaml')],
    ['a policy', () => join(daemon.folder, 'policy.d/driverd.cedar')],
    ['a file of the user who runs the daemon', () => join(folder, 'private')],
    ['another driver’s program', () => join(TEST_DRIVERS, 'echo/echo.mjs')],
  ];
  test.each(own)('%s does not exist in its view', async (_what, path) => {
    expect(outside(['read', path()])).toMatchObject({ ok: true });
    expect(await inside(['read', path()])).toEqual(refused('ENOENT'));
  });

  test('/etc/shadow does not exist; a file that is granted can be read', async () => {
    if (isRoot) expect(outside(['read', '/etc/shadow'])).toMatchObject({ ok: true });
    expect(await inside(['read', '/etc/shadow'])).toEqual(refused('ENOENT'));
    expect(await inside(['read', join(folder, 'shared/note')])).toEqual(refused('ENOENT'));
    expect(await inside(['read', join(folder, 'shared/note')], 'a-read')).toEqual({
      ok: true,
      value: 'readable\n',
    });
  });

  test('no home, no /root, no /var, no /sys, no /boot', async () => {
    expect((await inside(['list', '/'])).value).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(home|root|var|sys|boot|opt|srv|mnt|media)$/)]),
    );
    expect((outside(['list', '/']).value as string[]).includes('sys')).toBe(true);
  });

  test('the secrets of other drivers do not exist', async () => {
    expect(await inside(['list', '/run/secrets'])).toEqual(refused('ENOENT'));
  });

  test('a link in its own folder leads to nothing outside of its view (S17)', async () => {
    expect(await inside(['through_link', '/tmp', daemon.log])).toEqual(refused('ENOENT'));
    expect(await inside(['through_link', '/tmp', '/etc/passwd'])).toMatchObject({ ok: true });
  });

  test('a name that changes while it is read leads to nothing outside of its view (S17)', async () => {
    const { value } = await inside(['rename_race', '/scratch', daemon.log], 'a-scratch');
    expect(value).toEqual(['2']);
  });
});

describe('what is read-only', () => {
  test.each(['/x', '/usr/x', '/etc/x', '/dev/x', '/driver/x', '/usr/bin/env', '/etc/passwd'])(
    'it cannot write %s',
    async (path) => {
      expect(['EROFS', 'EACCES']).toContain((await inside(['write', path])).errno);
    },
  );

  test('it can write /tmp, its scratch, and what is granted for writing', async () => {
    expect(await inside(['write', '/tmp/x'])).toEqual({ ok: true, value: 1 });
    expect(await inside(['write', '/scratch/x'])).toEqual(refused('ENOENT'));
    expect(await inside(['write', '/scratch/x'], 'a-scratch')).toEqual({ ok: true, value: 1 });
    expect(['EROFS', 'EACCES']).toContain(
      (await inside(['write', join(folder, 'shared/x')], 'a-read')).errno,
    );
    expect(await inside(['write', join(folder, 'shared/x')], 'a-write')).toEqual({ ok: true, value: 1 });
  });

  test('it cannot change its own program, nor what runs it by /proc/self/exe (X13, CVE-2019-5736)', async () => {
    expect(['EROFS', 'EACCES']).toContain((await inside(['overwrite_own_file'])).errno);
    expect(['EROFS', 'EACCES', 'ETXTBSY']).toContain((await inside(['overwrite_program'])).errno);
  });

  test.each(['/proc/sys/kernel/core_pattern', '/proc/sys/kernel/hostname', '/proc/sysrq-trigger'])(
    'it cannot write %s (X8)',
    async (path) => {
      expect(['EROFS', 'EACCES', 'EPERM', 'ENOENT']).toContain((await inside(['write', path])).errno);
    },
  );

  test.each(['/dev/mem', '/dev/kmsg', '/dev/port', '/dev/sda', '/dev/vda', '/dev/fuse', '/dev/kvm'])(
    'it has no %s (X8)',
    async (path) => {
      expect(await inside(['read', path])).toEqual(refused('ENOENT'));
    },
  );

  test('it has no /proc/kcore to read (X8)', async () => {
    expect(['EACCES', 'EPERM', 'ENOENT']).toContain((await inside(['read', '/proc/kcore'])).errno);
  });

  test('a device that is granted can be used', async () => {
    expect(await inside(['device', '/dev/zero'], 'a-device')).toEqual({ ok: true, value: '00000000' });
  });
});

describe('what stays between two calls (X12, X14)', () => {
  test('a file in /tmp or in a scratch folder does not', async () => {
    for (const [path, profile] of [
      ['/tmp/left', 'attempt'],
      ['/scratch/left', 'a-scratch'],
    ] as const) {
      expect((await inside(['create_and_list', path], profile)).value).toContain('left');
      expect((await inside(['create_and_list', path], profile)).value).toEqual(['left']);
    }
  });

  test('POSIX and System V shared memory do not', async () => {
    expect(await inside(['shared_segment', 4711, 'create'])).toEqual({ ok: true, value: 'there' });
    expect(await inside(['shared_segment', 4711, 'open'])).toEqual(refused('ENOENT'));
    expect(await inside(['shared_memory', 'left', 'create'])).toEqual({ ok: true, value: 'there' });
    expect(await inside(['shared_memory', 'left', 'open'])).toEqual(refused('ENOENT'));
  });

  test('keyrings cannot be asked at all', async () => {
    expect(await inside(['session_keyring'])).toEqual(refused('EPERM'));
  });
});

describe('processes of the host (X2, X6)', () => {
  test('are not seen: /proc holds its own alone', async () => {
    const { value } = await inside(['see']);
    expect((value as number[]).length).toBeLessThanOrEqual(4);
    expect(outside(['see']).value).toContain(daemon.pid);
  });

  test('cannot be signalled, traced, read or compared, by their numbers or by a pidfd (CVE-2019-13272 is of this class)', async () => {
    const pid = bystander.pid ?? -1;
    expect(outside(['signal', pid])).toEqual({ ok: true, value: 'there' });
    expect(await inside(['signal', pid])).toEqual(refused('ESRCH'));
    expect(await inside(['open_pidfd', pid])).toEqual(refused('ESRCH'));
    for (const what of ['trace', 'read_memory', 'compare'])
      expect(await inside([what, pid])).toEqual(refused('EPERM'));
    expect(await inside(['read', `/proc/${pid}/environ`])).toEqual(refused('ENOENT'));
  });

  test('its pid 1 tells nothing of the daemon’s environment', async () => {
    const got = await inside(['read', '/proc/1/environ']);
    const names = String(got.errno === undefined ? got.value : '')
      .split('\0')
      .map((line) => line.split('=')[0]);
    // In a container it has the driver's own, and a HOME that runc makes up.
    expect(names.filter((name) => !['', 'PATH', 'PWD', 'HOME'].includes(name ?? ''))).toEqual([]);
  });

  test('cannot be handed anything by a terminal: there is none (L18)', async () => {
    expect(['ENXIO', 'ENOENT']).toContain((await inside(['terminal'])).errno);
  });
});

describe('reaching somebody (X4, X5)', () => {
  test('with no network it makes no socket at all, but a pair', async () => {
    for (const family of ['AF_UNIX', 'AF_INET', 'AF_INET6', 'AF_NETLINK', 'AF_PACKET', 'AF_VSOCK'])
      expect(await inside(['family', family, 'SOCK_DGRAM'])).toEqual(refused('EPERM'));
    expect(await inside(['pair'])).toEqual({ ok: true, value: 'x' });
  });

  test('the daemon’s own socket does not exist in any view', async () => {
    expect(outside(['connect', daemon.socket])).toMatchObject({ ok: true });
    expect(await inside(['connect', daemon.socket], 'a-loopback')).toEqual(refused('ENOENT'));
    expect(await inside(['connect', daemon.socket], 'a-host')).toEqual(refused('ENOENT'));
  });

  test('a Unix socket below a granted path is out of reach without a network', async () => {
    const path = join(folder, 'shared/neighbour.sock');
    expect(await inside(['connect', path], 'a-read')).toEqual(refused('EPERM'));
    expect(await inside(['connect', path], 'a-read-loopback')).toEqual({ ok: true, value: 'connected' });
  });

  test('abstract sockets of the host are reached with its network alone', async () => {
    const name = `@driverd-test-${process.pid}`;
    expect(await inside(['connect', name])).toEqual(refused('EPERM'));
    expect(await inside(['connect', name], 'a-loopback')).toEqual(refused('ECONNREFUSED'));
    expect(await inside(['connect', name], 'a-host')).toEqual({ ok: true, value: 'connected' });
  });

  test('loopback is its own, and only the host’s network reaches what listens on the host', async () => {
    const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect(await inside(['tcp', '127.0.0.1', port])).toEqual(refused('EPERM'));
    expect(await inside(['tcp', '127.0.0.1', port], 'a-loopback')).toEqual(refused('ECONNREFUSED'));
    expect(await inside(['tcp', '127.0.0.1', port], 'a-host')).toEqual({ ok: true, value: 'connected' });
    expect(await inside(['listen', 8080], 'a-loopback')).toEqual({ ok: true, value: 'connected to itself' });
    server.close();
  });

  test('no address outside is reached without the host’s network: not the cloud’s metadata, not the internet', async () => {
    for (const address of ['169.254.169.254', '192.0.2.1'])
      expect(await inside(['tcp', address, 80], 'a-loopback')).toEqual(refused('ENETUNREACH'));
    expect((await inside(['interfaces'], 'a-loopback')).value).toEqual(['lo']);
  });

  test('netlink, packet and vsock sockets need their names; with the host’s network too', async () => {
    for (const profile of ['a-loopback', 'a-host'])
      for (const [family, kind] of [
        ['AF_NETLINK', 'SOCK_RAW'],
        ['AF_PACKET', 'SOCK_RAW'],
        ['AF_VSOCK', 'SOCK_STREAM'],
      ] as const)
        expect(await inside(['family', family, kind], profile)).toEqual(refused('EPERM'));
    expect(await inside(['family', 'AF_NETLINK', 'SOCK_RAW'], 'a-netlink')).toEqual({
      ok: true,
      value: 'made',
    });
  });

  test.each([
    '/run/dbus/system_bus_socket',
    '/run/docker.sock',
    '/var/run/docker.sock',
    '/run/systemd/notify',
    '/run/systemd/journal/stdout',
  ])('%s does not exist in its view', async (path) => {
    expect(await inside(['connect', path], 'a-host')).toEqual(refused('ENOENT'));
  });
});

describe('privilege (X1, L3, L11)', () => {
  test('it cannot become root', async () => {
    expect(['EPERM', 'EINVAL']).toContain((await inside(['become_root'])).errno);
    if (isRoot) expect(outside(['become_root'])).toEqual({ ok: true, value: 0 });
  });

  test.runIf(isRoot)('a set-uid program gives it nothing', async () => {
    const path = join(folder, 'shared/set-uid-id');
    const plain = ['setpriv', '--reuid', '79999', '--regid', '79999', '--clear-groups'];
    expect(outside(['shell', `${path} -u`], plain).value).toBe('0');
    expect((await inside(['shell', `${path} -u`], 'a-read')).value).not.toBe('0');
  });

  test('it makes no user namespace (CVE-2022-0185 begins with one); with unshare granted it does', async () => {
    expect(await inside(['user_namespace'])).toEqual(refused('EPERM'));
    expect(await inside(['user_namespace'], 'a-unshare')).toEqual({ ok: true, value: 'made' });
  });

  test('no capability can be used: every use of one that works for root fails', async () => {
    const got = (await inside(['capabilities'])).value as Record<string, string | null>;
    expect(Object.entries(got).filter(([, errno]) => errno === null)).toEqual([]);
    if (!isRoot) return;
    // As root, in namespaces of its own so that the host stays as it is.
    const works = outside(
      ['capabilities'],
      ['setsid', '--wait', 'unshare', '--uts', '--net', '--mount', '--pid', '--fork'],
    );
    const useless = Object.entries(works.value as Record<string, string | null>).filter(
      ([, errno]) => errno === 'EPERM' || errno === 'EACCES',
    );
    expect(useless).toEqual([]);
  });

  test('the 32-bit entry of the kernel is closed (X7)', async () => {
    if (process.arch !== 'x64') return;
    expect(await inside(['32_bit_entry'])).toEqual(refused('EPERM'));
  });

  test('every namespace is its own', async () => {
    const mine = (await inside(['namespaces'])).value as Record<string, string>;
    const host = outside(['namespaces']).value as Record<string, string>;
    const user = way === 'user-namespace' ? ['user'] : [];
    for (const name of ['cgroup', 'ipc', 'mnt', 'net', 'pid', ...user, 'uts'])
      expect(mine[name]).not.toBe(host[name]);
  });
});

describe('what is handed down (L4, L5, L17, L19, X17)', () => {
  test('descriptors 0, 1 and 2 alone (CVE-2024-21626), an environment made from nothing, umask 077, its own folder', async () => {
    expect((await inside(['descriptors'])).value).toEqual([0, 1, 2]);
    // LC_CTYPE is Python's own doing (PEP 538).
    const { LC_CTYPE: _, ...environment } = (await inside(['environment'])).value as Record<string, string>;
    expect(environment).toEqual({ PATH: '/usr/bin:/bin', PWD: '/driver' });
    expect((await inside(['umask'])).value).toBe('0o77');
    expect((await inside(['working_folder'])).value).toBe('/driver');
    expect((await inside(['working_folder'], 'a-workdir')).value).toBe('/tmp');
    expect((await inside(['ignored_signals'])).value).toEqual([13, 25].filter((signal) => signal !== 0));
  });

  test('an ordinary priority that it cannot better, and it goes first when memory runs out (R3)', async () => {
    const { value } = await inside(['priority']);
    expect(value).toMatchObject({ nice: 0 });
    expect(Number((value as { oom: string }).oom)).toBeGreaterThanOrEqual(500);
    expect(['EPERM', 'EACCES']).toContain((await inside(['nicer'])).errno);
    expect(['EPERM', 'EACCES']).toContain((await inside(['lower_oom_score'])).errno);
  });
});

describe('using up what others need (R3, R5, X11)', () => {
  test('a fork bomb ends at its own limit', async () => {
    // Without a user namespace the limit counts all launches of the driver (`degraded: processes`).
    const more = way === 'user-namespace' ? 150 : 5_000;
    expect(await inside(['processes', more])).toEqual(refused('EAGAIN'));
    expect(await inside(['processes', 150], 'a-processes')).toEqual({ ok: true, value: 150 });
  });

  test('a memory bomb ends at its own limit', async () => {
    expect(await inside(['memory', 256], 'a-memory')).toEqual(refused('ENOMEM'));
    expect(await inside(['memory', 256], 'a-more-memory')).toEqual({ ok: true, value: 256 * MEBIBYTE });
  });

  test('descriptors end at its own limit, which it cannot raise', async () => {
    expect(await inside(['descriptors_open', 300])).toEqual(refused('EMFILE'));
    expect(await inside(['descriptors_open', 200])).toEqual({ ok: true, value: 200 });
  });

  test('filling /tmp, a scratch folder or /dev/shm ends at its size', async () => {
    expect(await inside(['fill', '/tmp/big', 20])).toEqual(refused('ENOSPC'));
    expect(await inside(['fill', '/tmp/big', 10])).toEqual({ ok: true, value: 'filled' });
    expect(await inside(['fill', '/scratch/big', 2], 'a-scratch')).toEqual(refused('ENOSPC'));
    expect(await inside(['fill', '/dev/shm/big', 20])).toEqual(refused('ENOSPC'));
  });

  test('a file ends at its largest size', async () => {
    expect(await inside(['fill', '/tmp/big', 2], 'a-file')).toEqual(refused('EFBIG'));
  });

  test('CPU time ends at its limit', async () => {
    const reply = await client.call('a-spin.run', { words: ['spin'] });
    expect(reply.error?.data).toMatchObject({ reason: 'driver-failed', driver: { signal: 9 } });
  });

  test('a crash leaves no core behind', async () => {
    expect((await inside(['dump_core'])).value).toEqual({ dumped: false, files: [], limit: [0, 0] });
  });

  test('a daemon that forks twice and lets go of its streams is dead with its call (invariant 9)', async () => {
    const beat = join(folder, 'shared/beat');
    expect(await inside(['linger', beat], 'a-write')).toMatchObject({ ok: true });
    await new Promise((resolve) => setTimeout(resolve, 500));
    rmSync(beat, { force: true });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(existsSync(beat)).toBe(false);
  });
});

describe('the strict filter', () => {
  test('runs Python and sh', async () => {
    expect(await inside(['read', '/etc/passwd'], 'a-strict')).toMatchObject({ ok: true });
    expect((await inside(['shell', 'ls / | wc -l; date >/dev/null; echo done'], 'a-strict')).value).toMatch(
      /done$/,
    );
  });

  test('runs Node', async () => {
    expect((await client.call('strict-echo.say', { text: 'x' })).result).toEqual({ text: 'x' });
  });

  test('refuses what it does not list', async () => {
    for (const what of ['trace', 'read_memory'])
      expect(await inside([what, 1], 'a-strict')).toEqual(refused('EPERM'));
    expect(await inside(['family', 'AF_UNIX', 'SOCK_STREAM'], 'a-strict')).toEqual(refused('EPERM'));
    expect(await inside(['shared_segment', 4711, 'create'], 'a-strict')).toEqual(refused('EPERM'));
    expect(await inside(['shared_segment', 4711, 'create'])).toEqual({ ok: true, value: 'there' });
  });
});

test.runIf(isRoot)('a granted group lets it read what that group may, and its record says so', async () => {
  const path = join(folder, 'shared/of-a-group');
  writeFileSync(path, 'for adm', { mode: 0o640 });
  chownSync(path, 0, 4);
  const other = await startTestDaemon({
    profiles: asProfiles({
      'g-none': `filesystem: { read: [${folder}/shared] }\n`,
      'g-adm': `groups: [adm]\nfilesystem: { read: [${folder}/shared] }\n`,
    }),
    driverFolders: driverFolders(),
  });
  const caller = await connectClient(other.socket);
  const without = await caller.call('g-none.run', { words: ['read', path] });
  expect(without.result.stdout).toEqual(refused('EACCES'));
  const granted = await caller.call('g-adm.run', { words: ['read', path], _meta: { reply: true } });
  expect(granted.result.stdout).toEqual({ ok: true, value: 'for adm' });
  expect(granted._meta?.['isolation']).toMatchObject({ groups: [4] });
  caller.close();
  await other.stop();
});
