import { describe, expect, test } from 'vitest';
import { bedKinds } from './bed.ts';
import { installedDriverd, until } from './installed-driverd.ts';
import { sharedBed } from './shared-bed.ts';

const DRAIN_MS = 2_000;
const SLEEPERS = 'pgrep -f "^sleep 100[123]" || true';

describe.each(bedKinds)('driverd.service in the bed "%s"', (kind) => {
  const bed = sharedBed(kind);
  const driverd = installedDriverd(bed);

  test('is started by the first call to driverd.socket, and answers it', async () => {
    await driverd.configure({ echo: '' });
    expect(await driverd.property('ActiveState')).toBe('inactive');
    expect((await driverd.call('echo.say', { text: 'first' })).result).toEqual({ text: 'first' });
    expect(await driverd.property('ActiveState')).toBe('active');
    expect(await driverd.property('StatusText')).toBe('1 drivers enabled, configuration 1');
  });

  test('is a monitor with SETUID, SETGID, SETPCAP and KILL, and no more', async () => {
    const pid = await driverd.property('MainPID');
    const status = await bed.read(`/proc/${pid}/status`);
    const sets = [...status.matchAll(/^Cap(\w+):\t([0-9a-f]+)$/gm)].map(([, name, hex]) => [name, hex]);
    const four = (0b1_1110_0000).toString(16).padStart(16, '0');
    const none = '0'.repeat(16);
    expect(Object.fromEntries(sets)).toEqual({ Inh: none, Prm: four, Eff: four, Bnd: four, Amb: none });
    expect(status).toContain('NoNewPrivs:\t1');
  });

  test('has the log in a folder of its readers’ group, and keeps its state to itself (X18)', async () => {
    const modes = await bed.sh(
      'stat --format "%A %U %G" /var/log/driverd /var/log/driverd/audit.jsonl /var/lib/driverd /run/driverd /run/driverd/driverd.sock',
    );
    expect(modes.trim().split('\n')).toEqual([
      'drwxr-s--- root driverd-audit',
      '-rw-r----- root driverd-audit',
      'drwx------ root root',
      'drwxr-x--- root driverd',
      'srw-rw---- root driverd',
    ]);
  });

  test('fails a reload with a broken file, says where, and answers as before; a mended one is taken', async () => {
    await bed.write('/etc/driverd/drivers.d/more.yaml', 'version: 1\ndrivr: echo\n');
    const failed = await bed.run(['systemctl', 'reload', 'driverd.service']);
    expect(failed.status).not.toBe(0);
    expect((await driverd.journal()).join('\n')).toMatch(
      /more\.yaml:2: drivr: unknown key; did you mean driver/,
    );
    expect((await driverd.call('echo.say', { text: 'old' })).result).toEqual({ text: 'old' });
    await bed.write('/etc/driverd/drivers.d/more.yaml', 'version: 1\ndriver: echo\n');
    await bed.sh('systemctl reload driverd.service');
    expect((await driverd.call('more.say', { text: 'new' })).result).toEqual({ text: 'new' });
    expect(await driverd.property('ActiveState')).toBe('active');
  });

  test('stops within its drain although a driver ignores SIGTERM, and leaves no process', async () => {
    await driverd.configure({ stubborn: '' }, `drain_ms: ${DRAIN_MS}\n`);
    await driverd.restart();
    await driverd.callInBackground('stubborn.run');
    await until(async () => (await bed.sh(SLEEPERS)).trim().split('\n').length === 2);
    const group = await driverd.property('ControlGroup');
    await bed.sh('systemctl stop driverd.socket driverd.service');
    // Not because systemd lost its patience: then it would be `timeout`.
    expect(await driverd.property('Result')).toBe('success');
    expect(await driverd.property('ExecMainStatus')).toBe('0');
    expect(await bed.sh(SLEEPERS)).toBe('');
    expect(await bed.sh(`cat /sys/fs/cgroup${group}/cgroup.procs 2>/dev/null || true`)).toBe('');
    const ends = (await driverd.records()).filter(({ event }) => event === 'launch-end');
    expect(ends.at(-1)?.facts).toMatchObject({ profile: 'stubborn', end: 'stopping' });
  });
});
