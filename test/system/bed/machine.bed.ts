import { describe, expect, test } from 'vitest';
import { installedDriverd } from './installed-driverd.ts';
import { sharedBed } from './shared-bed.ts';

const bed = sharedBed('machine');
const driverd = installedDriverd(bed);

describe('on a kernel without SO_PEERPIDFD', () => {
  test('a policy that names a unit is refused at load, and everything else works', async () => {
    await driverd.configure({ echo: '' });
    await bed.write(
      '/etc/driverd/policy.d/unit.cedar',
      'permit(principal in Unit::"backup.service", action in Action::"call", resource);\n',
    );
    const { status } = await bed.run(['systemctl', 'start', 'driverd.service']);
    expect(status).not.toBe(0);
    expect(await driverd.property('ActiveState')).toBe('failed');
    expect((await driverd.journal()).join('\n')).toMatch(/unit\.cedar.*unit/);
    await bed.sh('rm /etc/driverd/policy.d/unit.cedar; systemctl reset-failed driverd.service');
    expect((await driverd.call('echo.say', { text: 'x' })).result).toEqual({ text: 'x' });
    expect((await driverd.records()).findLast(({ event }) => event === 'session')?.facts).toMatchObject({
      ...{ uid: 0, unit: null },
    });
  });
});

describe('where user namespaces are forbidden', () => {
  const FORBIDDEN = 'sysctl --quiet --write user.max_user_namespaces=0';
  const DROP_IN = '/etc/systemd/system/driverd.service.d/without-user-namespaces.conf';

  test('the unit as it is refuses to start and names its drop-in; with it the same drivers run, held no weaker', async () => {
    await driverd.configure({ echo: '' });
    const before = (await bed.read('/proc/sys/user/max_user_namespaces')).trim();
    await bed.sh(FORBIDDEN);
    try {
      expect((await bed.run(['systemctl', 'start', 'driverd.service'])).status).not.toBe(0);
      expect((await driverd.journal()).join('\n')).toContain('without-user-namespaces.conf');
      await bed.sh(
        `mkdir -p ${DROP_IN.slice(0, DROP_IN.lastIndexOf('/'))} && cp /usr/share/doc/driverd/driverd.service.d/without-user-namespaces.conf ${DROP_IN} && systemctl daemon-reload && systemctl reset-failed driverd.service`,
      );
      expect((await driverd.call('echo.say', { text: 'x' })).result).toEqual({ text: 'x' });
      const launch = (await driverd.records()).findLast(({ event }) => event === 'launch');
      expect(launch?.facts['isolation']).toMatchObject({
        ...{ way: 'inner-setpriv', capabilities: '0', no_new_privs: true, degraded: [], cgroup: 'kill' },
      });
      const status = await bed.read(`/proc/${await driverd.property('MainPID')}/status`);
      expect(status).toMatch(/^CapBnd:\t00000000002011e0$/m);
    } finally {
      await bed.sh(`sysctl --quiet --write user.max_user_namespaces=${before}`);
      await driverd.configure({});
    }
  });
});
