import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../../scripts/development-folder.ts';
import { canReach } from '../../src/monitor/configuration/reach.ts';
import { callOnce } from '../support/client.ts';
import { startTestDaemon } from '../support/daemon.ts';

const PLAIN = { echo: 'version: 1\n' };
const PING = {
  ...PLAIN,
  ping: 'version: 1\nnetwork: loopback\ncapabilities: [CAP_NET_RAW]\nenvironment: { PING_TARGETS: 127.0.0.1 }\n',
};
/** As systemd/driverd.service has them. */
const UNIT = ['setuid', 'setgid', 'setpcap', 'kill'];
const DROP_IN = [...UNIT, 'sys_admin', 'net_admin'];
const OTHER = { uid: 4_242, gid: 4_242, groups: [] };

/** Starts a daemon as a systemd unit with this CapabilityBoundingSet= and NoNewPrivileges=yes would. */
function under(capabilities: readonly string[]): readonly string[] {
  const bounding = ['-all', ...capabilities.map((name) => `+${name}`)].join(',');
  return ['setpriv', `--bounding-set=${bounding}`, '--inh-caps=-all', '--no-new-privs', '--'];
}
const WITHOUT_USER_NAMESPACES = ['/usr/bin/python3', join(ROOT, 'test/fixtures/without-user-namespaces.py')];

const echoed = async (socket: string) => callOnce(socket, 'echo.say', { text: 'x', _meta: { reply: true } });

describe('a daemon with the capabilities of its unit alone', () => {
  test('refuses a profile with a capability that it has not got itself, and says where to add it (invariant 8)', async () => {
    await expect(startTestDaemon({ profiles: PING, wrap: under(DROP_IN) })).rejects.toThrow(
      /ping\.yaml:3: capabilities\.0: driverd itself has not got CAP_NET_RAW: add it to CapabilityBoundingSet=/,
    );
  });

  test('refuses what it cannot start without a user namespace, and names the drop-in (invariant 8)', async () => {
    await expect(startTestDaemon({ profiles: PING, wrap: under([...UNIT, 'net_raw']) })).rejects.toThrow(
      /driverd lacks CAP_SYS_ADMIN, CAP_NET_ADMIN, which driverd\.service\.d\/without-user-namespaces\.conf adds/,
    );
  });

  test('and the drop-in’s and one more starts a driver that has that one', async () => {
    const daemon = await startTestDaemon({ profiles: PING, wrap: under([...DROP_IN, 'net_raw']) });
    const reply = await callOnce(daemon.socket, 'ping.send', { target: '127.0.0.1', wait_ms: 5_000 });
    expect(reply.result).toMatchObject({ sent: 1, received: 1 });
    await daemon.stop();
  });
});

describe('on a host that makes no user namespaces', () => {
  test('root’s daemon runs broker and drivers without them, and every record says which way it was (invariant 8)', async () => {
    const daemon = await startTestDaemon({ profiles: PING, wrap: WITHOUT_USER_NAMESPACES });
    const reply = await echoed(daemon.socket);
    expect(reply.result).toEqual({ text: 'x' });
    expect(reply._meta?.['isolation']).toMatchObject({ way: 'inner-setpriv', capabilities: [] });
    const started = daemon.records().find(({ event }) => event === 'broker-start');
    expect(started?.facts).toMatchObject({ way: 'inner-setpriv' });
    await daemon.stop();
  });

  test('a unit without the drop-in is refused, in one sentence that names it', async () => {
    const wrap = [...WITHOUT_USER_NAMESPACES, ...under(UNIT)];
    await expect(startTestDaemon({ profiles: PLAIN, wrap })).rejects.toThrow(
      /Cannot start the broker: this host makes no user namespaces .*without-user-namespaces\.conf adds/,
    );
  });

  test.runIf(canReach(join(ROOT, 'dist/monitor/main.js'), OTHER) && canReach(process.execPath, OTHER))(
    'a rootless daemon refuses to start, in one clear line',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'driverd-test-'));
      chmodSync(folder, 0o755);
      const { uid, gid } = OTHER;
      const wrap = [
        ...['/bin/sh', '-c', `chown -R ${uid}:${gid} "$0" && exec "$@"`, folder, ...WITHOUT_USER_NAMESPACES],
        ...['setpriv', '--reuid', String(uid), '--regid', String(gid), '--clear-groups', '--'],
      ];
      await expect(startTestDaemon({ profiles: PLAIN, wrap, folder })).rejects.toThrow(
        /Cannot start the broker: this host makes no user namespaces \(see `driverctl doctor`\), and a daemon that does not run as root has no other way to start it/,
      );
      rmSync(folder, { recursive: true, force: true });
    },
  );
});
