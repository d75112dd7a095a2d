import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { placeOf } from '../../../src/monitor/session/cgroup-place.ts';
import { identify } from '../../../src/monitor/session/identify.ts';
import { peerCredentials } from '../../../src/posix/peer-credentials.ts';
import type { Container, SystemdUnit } from '../../../src/shared/caller.ts';
import { startTimeOf } from '../../../src/shared/process-start.ts';

test('what the kernel does not identify is refused: a descriptor that is no socket, or none at all (N2)', () => {
  expect(() => identify(openSync('/dev/null', 'r'))).toThrow(/Cannot read peer credentials/);
  expect(() => identify(9_999)).toThrow(/EBADF/);
});

test('a connection is identified with uid, gid, groups and pid of who connected', async () => {
  const server = createServer({ pauseOnConnect: true }).listen('\0driverd-identify-test');
  const accepted = new Promise<number>((resolve) => {
    server.on('connection', (socket) => {
      const handle: unknown = Reflect.get(socket, '_handle');
      if (typeof handle === 'object' && handle !== null && 'fd' in handle) resolve(Number(handle.fd));
    });
  });
  const client = connect('\0driverd-identify-test');
  const caller = identify(await accepted);
  expect(caller).toMatchObject({ uid: process.geteuid?.(), gid: process.getegid?.(), pid: process.pid });
  const login = Number(readFileSync('/proc/self/loginuid', 'utf8'));
  expect(caller).toMatchObject({
    pidStart: Number(startTimeOf(process.pid)),
    loginUid: login === 4_294_967_295 ? null : login,
  });
  client.destroy();
  server.close();
});

test.each<[string, string, SystemdUnit | null]>([
  ['a system service', '0::/system.slice/backup.service\n', { manager: 'system', name: 'backup.service' }],
  [
    'a service’s own subgroup',
    '0::/system.slice/backup.service/worker/x.service\n',
    { manager: 'system', name: 'backup.service' },
  ],
  [
    'a session',
    '0::/user.slice/user-1000.slice/session-3.scope\n',
    { manager: 'system', name: 'session-3.scope' },
  ],
  [
    'a unit of a user’s manager',
    '0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.service\n',
    { manager: 'user', name: 'x.service' },
  ],
  [
    'the hybrid layout',
    '12:pids:/a\n1:name=systemd:/system.slice/x.service\n0::/y.service\n',
    { manager: 'system', name: 'x.service' },
  ],
  [
    'the unified layout, where the other is mounted and not used,',
    '9:name=systemd:/\n8:pids:/\n0::/system.slice/x.service\n',
    { manager: 'system', name: 'x.service' },
  ],
  ['no unit', '0::/\n', null],
  ['no unit of either', '9:name=systemd:/\n0::/\n', null],
  [
    'a service in a container that systemd knows',
    `0::/system.slice/docker-${'a'.repeat(64)}.scope/system.slice/backup.service\n`,
    { manager: 'system', name: `docker-${'a'.repeat(64)}.scope` },
  ],
  [
    'a service in a container is none of the host’s, so none',
    '0::/lxc.payload.web/system.slice/backup.service\n',
    null,
  ],
  ['the same of an engine’s own folder', `0::/docker/${'a'.repeat(64)}/system.slice/backup.service\n`, null],
])('%s is read from a cgroup', (_what, cgroup, expected) => {
  expect(placeOf(cgroup)).toMatchObject({ unit: expected });
});

const ID = '0123456789abcdef'.repeat(4);

test.each<[string, string, Container | null]>([
  ['none', '0::/system.slice/backup.service\n', null],
  ['docker', `0::/system.slice/docker-${ID}.scope\n`, { runtime: 'docker', id: ID, manager: 'system' }],
  ['docker without systemd', `0::/docker/${ID}\n`, { runtime: 'docker', id: ID, manager: 'system' }],
  [
    'podman',
    `0::/machine.slice/libpod-${ID}.scope/container\n`,
    { runtime: 'podman', id: ID, manager: 'system' },
  ],
  [
    'podman in a service',
    `0::/system.slice/web.service/libpod-payload-${ID}\n`,
    { runtime: 'podman', id: ID, manager: 'system' },
  ],
  [
    'podman of a user, who could name it as they like',
    `0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID}.scope\n`,
    { runtime: 'podman', id: ID, manager: 'user' },
  ],
  ['podman’s monitor, which is none', `0::/machine.slice/libpod-conmon-${ID}.scope\n`, null],
  [
    'kubernetes',
    `0::/kubepods.slice/kubepods-besteffort.slice/cri-containerd-${ID}.scope\n`,
    { runtime: 'kubernetes', id: ID, manager: 'system' },
  ],
  [
    'kubernetes without systemd',
    `0::/kubepods/pod1/${ID}\n`,
    { runtime: 'kubernetes', id: ID, manager: 'system' },
  ],
  [
    'nspawn',
    '0::/machine.slice/systemd-nspawn@web.service/payload/init.scope\n',
    { runtime: 'nspawn', id: 'web', manager: 'system' },
  ],
  ['a virtual machine, which is none', '0::/machine.slice/machine-qemu\\x2d1\\x2dweb.scope\n', null],
  ['lxc', '0::/lxc.payload.web/init.scope\n', { runtime: 'lxc', id: 'web', manager: 'system' }],
  [
    'a name that no terminal should see, cut and made printable',
    `0::/lxc.payload.\u001b[2J${'x'.repeat(200)}\n`,
    { runtime: 'lxc', id: `?[2J${'x'.repeat(60)}`, manager: 'system' },
  ],
])('a container is read from a cgroup: %s', (_what, cgroup, expected) => {
  expect(placeOf(cgroup)).toMatchObject({ container: expected });
});

test('who is in the daemon’s own container is in none, whoever is in another one is', () => {
  const own = { runtime: 'docker', id: ID, manager: 'system' } as const;
  const other = ID.replaceAll('0', '1');
  const containerOf = (cgroup: string, daemon: Container | null) => placeOf(cgroup, daemon)?.container;
  expect(containerOf(`1:name=systemd:/docker/${ID}\n`, own)).toBeNull();
  expect(containerOf(`1:name=systemd:/docker/${other}\n`, own)?.id).toBe(other);
  expect(containerOf(`1:name=systemd:/docker/${ID}\n`, null)).toEqual(own);
});

test('who is in a container inside of the daemon’s own is in that one, and its units are none of the host’s', () => {
  const own = { runtime: 'docker', id: ID, manager: 'system' } as const;
  const inner = ID.replaceAll('0', '1');
  expect(placeOf(`0::/docker/${ID}/docker/${inner}/system.slice/x.service\n`, own)).toEqual({
    unit: null,
    container: { runtime: 'docker', id: inner, manager: 'system' },
  });
});

test.each([['0::/..\n'], ['0::/../../system.slice/x.service\n'], [`9:name=systemd:/../${ID}\n0::/\n`]])(
  'of a caller outside of the daemon’s namespace of cgroups nothing is known: %j',
  (cgroup) => {
    expect(placeOf(cgroup)).toBeNull();
  },
);

/** Connects, leaves the connection to a child, and ends, of which nobody takes notice. */
const LEAVE_UNREAPED = [
  'import os, socket, sys, time',
  'if os.fork() > 0: time.sleep(1000)',
  's = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])',
  'if os.fork() > 0: os._exit(0)',
  'time.sleep(1000)',
].join('\n');

/** Connects, and its first thread ends; another has the connection. */
const LEAVE_FIRST_THREAD = [
  'import ctypes, socket, sys, threading, time',
  's = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])',
  'threading.Thread(target=time.sleep, args=(1000,)).start()',
  'ctypes.CDLL(None).pthread_exit(None)',
].join('\n');

test.each([
  ['has ended and waits for its parent', LEAVE_UNREAPED],
  ['goes on without its first thread', LEAVE_FIRST_THREAD],
])(
  'what /proc says of a caller that %s proves nothing: it may say that it is in no cgroup (N5)',
  async (_what, script) => {
    const folder = mkdtempSync(join(tmpdir(), 'driverd-identify-'));
    const path = join(folder, 'socket');
    const server = createServer({ pauseOnConnect: true }).listen(path);
    await once(server, 'listening');
    const caller = spawn('python3', ['-c', script, path], { stdio: 'ignore', detached: true });
    onTestFinished(() => {
      if (caller.pid !== undefined) process.kill(-caller.pid, 'SIGKILL');
      server.close();
      rmSync(folder, { recursive: true });
    });
    const [socket]: Socket[] = await once(server, 'connection');
    const handle: unknown = Reflect.get(socket ?? {}, '_handle');
    const descriptor =
      typeof handle === 'object' && handle !== null && 'fd' in handle ? Number(handle.fd) : -1;
    const { pid } = peerCredentials(descriptor);
    await expect.poll(() => readFileSync(`/proc/${pid}/stat`, 'latin1')).toMatch(/\) Z /);
    expect(identify(descriptor)).toMatchObject({ pid, pidProven: false, pidStart: null, unit: null });
    socket?.destroy();
  },
);
