import { beforeAll, describe, expect, test } from 'vitest';
import { installedDriverd, until } from './installed-driverd.ts';
import { sharedBed } from './shared-bed.ts';

const bed = sharedBed('machine');
const driverd = installedDriverd(bed);
const ROOT = '/srv/driverd-root';
const IN_CONTAINER = `launcher: container\nroot: ${ROOT}\n`;
const UNIT = '/usr/lib/systemd/system/driverd.service';
const SLEEPERS = 'pgrep -f "^sleep 100[123]" || true';
/** What is kept of containers: nothing, once they have ended. */
const LEFT =
  'ls -A /var/lib/driverd/containers/bundles /var/lib/driverd/containers/runc | grep driverd-[0-9a-f] || true';
const HELD = { launcher: 'container', way: 'runc', fallback: false, cgroup: 'kill' };

const WITH_CONTAINERS =
  'mkdir -p /etc/systemd/system/driverd.service.d && cp /usr/share/doc/driverd/driverd.service.d/with-containers.conf /etc/systemd/system/driverd.service.d/ && systemctl daemon-reload';
const lastLaunch = async (): Promise<Readonly<Record<string, unknown>>> =>
  (await driverd.records()).findLast(({ event }) => event === 'launch')?.facts['isolation'] as Record<
    string,
    unknown
  >;

/** A root folder with the machine's own programs and no more of it. */
beforeAll(async () => {
  await bed.sh(
    [
      `mkdir -p ${ROOT}/usr ${ROOT}/etc && cd ${ROOT}`,
      'mountpoint --quiet usr || mount --bind /usr usr',
      'for name in bin lib lib64; do ln -sfn usr/$name $name; done',
    ].join('\n'),
  );
});

describe('containers under systemd, with cgroup v2 alone', () => {
  test('the unit as it is refuses them and names its drop-in, or falls back where the profile says so', async () => {
    await driverd.configure({ catter: IN_CONTAINER });
    expect((await bed.run(['systemctl', 'start', 'driverd.service'])).status).not.toBe(0);
    expect((await driverd.journal()).join('\n')).toMatch(
      /catter\.yaml:2: launcher: container: .*with-containers\.conf adds/,
    );
    await driverd.configure({ catter: `${IN_CONTAINER}fallback: sandbox\n` });
    expect((await driverd.call('catter.copy', { text: 'x' })).result).toMatchObject({ stdout: 'x' });
    expect(await lastLaunch()).toMatchObject({ launcher: 'bubblewrap', fallback: true });
  });

  test('with the drop-in a driver runs in one, in its launch’s cgroup, whose limits end it', async () => {
    await driverd.configure({
      catter: IN_CONTAINER,
      'memory-bomb': `${IN_CONTAINER}limits: { memory_bytes: 67108864, data_bytes: null }\n`,
      'fork-bomb': `${IN_CONTAINER}limits: { processes: 16 }\n`,
    });
    await bed.sh(WITH_CONTAINERS);
    expect((await driverd.call('catter.copy', { text: 'x' })).result).toMatchObject({ stdout: 'x' });
    expect(await lastLaunch()).toMatchObject({ ...HELD, degraded: [], limits: { cgroup_processes: 65 } });
    for (const [driver, limit] of [
      ['memory-bomb', 'memory'],
      ['fork-bomb', 'processes'],
    ])
      expect((await driverd.call(`${driver}.run`)).error?.data).toMatchObject({
        reason: 'resource-limit',
        limit,
      });
    const group = await driverd.property('ControlGroup');
    // The kernel takes a moment over a cgroup whose processes are just dead.
    await until(
      async () => (await bed.sh(`find /sys/fs/cgroup${group}/driverd-* -mindepth 1 -type d`)) === '',
    );
    expect(await bed.sh(LEFT)).toBe('');
  });

  test('a container ends with its service’s cgroup where the monitor is killed, and the next start sweeps what is left (invariant 9)', async () => {
    await driverd.configure({ stubborn: IN_CONTAINER, catter: IN_CONTAINER });
    await bed.sh(WITH_CONTAINERS);
    await driverd.callInBackground('stubborn.run');
    await until(async () => (await bed.sh(SLEEPERS)).trim().split('\n').length === 2);
    await bed.sh(`kill -9 ${await driverd.property('MainPID')}`);
    expect((await driverd.call('catter.copy', { text: 'next' })).result).toMatchObject({ stdout: 'next' });
    expect(await bed.sh(SLEEPERS)).toBe('');
    await until(async () => (await bed.sh(LEFT)) === '');
  });

  test('where others are in the daemon’s cgroup, runc’s is made elsewhere: no controller is enabled beside them', async () => {
    await driverd.configure({ catter: IN_CONTAINER });
    await bed.sh(WITH_CONTAINERS);
    const start = (await bed.sh(`sed -n 's/^ExecStart=//p' ${UNIT}`)).trim();
    await bed.write(
      '/etc/systemd/system/driverd.service.d/others.conf',
      `[Service]\nExecStart=\nExecStart=/bin/sh -c 'sleep 1000 & exec ${start}'\n`,
    );
    await bed.sh('systemctl daemon-reload');
    for (const text of ['one', 'two'])
      expect((await driverd.call('catter.copy', { text })).result).toMatchObject({ stdout: text });
    const group = await driverd.property('ControlGroup');
    expect(await bed.sh(`cat /sys/fs/cgroup${group}/cgroup.subtree_control`)).toBe('');
    expect(await bed.sh('find /sys/fs/cgroup -maxdepth 1 -name "driverd-*"')).toBe('');
  });
});
