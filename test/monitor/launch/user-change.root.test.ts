import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../../scripts/development-folder.ts';
import { driverFilter, NO_GRANTS } from '../../../src/monitor/launch/filter.ts';
import { buildSeccompFilter } from '../../../src/posix/seccomp.ts';
import { direct, planFor, startProgram } from '../../support/sandbox.ts';

const filter = buildSeccompFilter(driverFilter(NO_GRANTS));
const USER = 79_998;

test.each(['unshare', 'setpriv'] as const)(
  'a sandbox that %s starts is the target user’s in every respect, and no group of root’s is left (L3)',
  async (userChange) => {
    const before = process.getgroups?.() ?? [];
    process.setgroups?.([0, 4, 27]);
    const { sandbox } = startProgram({ ...planFor(direct('/bin/true')), userChange }, filter);
    const { status } = await sandbox.ready;
    process.setgroups?.(before);
    expect(status.uids).toEqual([USER, USER, USER, USER]);
    expect(status.gids).toEqual([USER, USER, USER, USER]);
    expect(status.groups.filter((group) => group !== USER)).toEqual([]);
    expect(Object.values(status.capabilities)).toEqual([0n, 0n, 0n, 0n, 0n]);
    sandbox.kill();
    await sandbox.ended;
  },
);

test('where unshare cannot start bubblewrap, as under a profile of AppArmor’s, setpriv does; where neither can, nothing is claimed', () => {
  const script = `
    import { thisLaunchHost } from ${JSON.stringify(join(ROOT, 'src/monitor/configuration/launch-host.ts'))};
    process.stdout.write(String(thisLaunchHost({ uid: ${USER}, gid: ${USER} }).userNamespaceBy()));
  `;
  function found(...broken: readonly string[]): string {
    const covers = broken.map((name) => `mount --bind /bin/false /usr/bin/${name}; `).join('');
    const words = ['--mount', '--', '/bin/sh', '-ec', `${covers}exec "$@"`, 'sh'];
    const node = [process.execPath, '--input-type=module', '-e', script];
    const { stdout, stderr } = spawnSync('unshare', [...words, ...node], { encoding: 'utf8' });
    return stdout + stderr;
  }
  expect(found()).toBe('unshare');
  expect(found('unshare')).toBe('setpriv');
  expect(found('unshare', 'setpriv')).toBe('null');
});
