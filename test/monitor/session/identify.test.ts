import { openSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { placeOf } from '../../../src/monitor/session/cgroup-place.ts';
import { identify } from '../../../src/monitor/session/identify.ts';
import type { SystemdUnit } from '../../../src/shared/caller.ts';

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
  ['no unit', '0::/\n', null],
  ['a path out of its own namespace', '0::/../../system.slice/x.service\n', null],
])('%s is read from a cgroup', (_what, cgroup, expected) => {
  expect(placeOf(cgroup).unit).toEqual(expected);
});
