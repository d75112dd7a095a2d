import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../../scripts/development-folder.ts';
import { examine, type Finding, type Host, thisHost } from '../../src/driverctl/doctor/host.ts';
import { callOnce } from '../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { patience } from '../support/patience.ts';

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startTestDaemon({ profiles: { disk: 'version: 1\n', echo: 'version: 1\nnetwork: host\n' } });
});
afterAll(() => daemon.stop());

function driverctl(...words: string[]): {
  status: number | null;
  json: ReturnType<typeof JSON.parse>;
  stderr: string;
} {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, 'dist/driverctl/main.js'), ...words, '--json'],
    {
      encoding: 'utf8',
    },
  );
  return { status, json: stdout === '' ? null : JSON.parse(stdout), stderr };
}

const finding = (json: { host: Finding[] }, name: string): Finding | undefined =>
  json.host.find((one) => one.name === name);

describe('driverctl doctor tells the truth about this host', () => {
  test('as /proc has it', () => {
    const { status, json } = driverctl('doctor', '--socket', daemon.socket);
    expect(status).toBe(0);
    const mounts = readFileSync('/proc/self/mounts', 'utf8');
    const unified = mounts
      .split('\n')
      .find((line) => line.split(' ')[2] === 'cgroup2')
      ?.split(' ')[1];
    expect(finding(json, 'cgroup v2')?.state).toBe(unified === undefined ? 'weaker' : 'ok');
    if (unified !== undefined) {
      expect(finding(json, 'cgroup v2')?.found).toContain(unified);
      const controllers = readFileSync(join(unified, 'cgroup.controllers'), 'utf8').split(/\s/);
      expect(finding(json, 'memory limit of a cgroup')?.found).toMatch(
        controllers.includes('memory') ? /is there/ : /has no memory controller/,
      );
    }
    const actions = readFileSync('/proc/sys/kernel/seccomp/actions_avail', 'utf8').trim();
    expect(finding(json, 'seccomp filters')?.found).toBe(`actions: ${actions}`);
    const works = spawnSync('unshare', ['--user', 'true']).status === 0;
    expect(finding(json, 'user namespaces')?.state).toBe(works ? 'ok' : 'weaker');
    const release = readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim();
    expect(finding(json, 'callers’ systemd units')?.found).toContain(release);
  });

  test('and lists what each enabled driver would get, and asks for in vain', () => {
    const { json } = driverctl('doctor', '--socket', daemon.socket);
    const [disk, echo] = json.drivers;
    expect([disk.name, echo.name]).toEqual(['disk', 'echo']);
    expect(disk.asks_not_granted).toEqual(['read:/=/host']);
    expect(echo.isolation.network).toBe('host');
  });

  test('where no daemon answers it says so, and still looks at the host', () => {
    const { status, json } = driverctl('doctor', '--socket', join(daemon.folder, 'nobody.sock'));
    expect(status).toBe(0);
    expect(json.drivers).toBeNull();
    expect(json.drivers_unknown).toMatch(/^Cannot connect/);
  });
});

describe('another host (its files are played)', () => {
  const played = (files: Readonly<Record<string, string>>, programs: readonly string[]): Host => ({
    read: (path) => files[path] ?? null,
    run: (program) => (programs.includes(program) ? { status: 0, output: `${program} 1.0\n` } : null),
  });
  const states = (host: Host): Record<string, string> =>
    Object.fromEntries(examine(host).map(({ name, state }) => [name, state]));

  test('without bubblewrap and seccomp filters it cannot run driverd, and what to do is said', () => {
    const findings = examine(played({}, []));
    const missing = findings.filter(({ state }) => state === 'missing');
    expect(missing.map(({ name }) => name)).toEqual(['bubblewrap', 'setpriv', 'seccomp filters']);
    for (const { advice } of missing) expect(advice).not.toBeNull();
  });

  test.each([
    ['/proc/sys/user/max_user_namespaces', '0\n', 'user.max_user_namespaces=15000'],
    ['/proc/sys/kernel/unprivileged_userns_clone', '0\n', 'kernel.unprivileged_userns_clone=1'],
    [
      '/proc/sys/kernel/apparmor_restrict_unprivileged_userns',
      '1\n',
      'kernel.apparmor_restrict_unprivileged_userns=0',
    ],
  ])('a host whose %s forbids user namespaces is told the line that allows them', (path, text, line) => {
    const found = examine(played({ [path]: text }, ['bwrap'])).find(({ name }) => name === 'user namespaces');
    expect(found).toMatchObject({ state: 'weaker', found: `forbidden by ${path}` });
    expect(found?.advice).toContain(line);
  });

  test('before Linux 6.5 a caller’s unit cannot be proven', () => {
    expect(
      states(played({ '/proc/sys/kernel/osrelease': '6.1.0-13-amd64\n' }, []))['callers’ systemd units'],
    ).toBe('weaker');
    expect(states(played({ '/proc/sys/kernel/osrelease': '6.5.0\n' }, []))['callers’ systemd units']).toBe(
      'ok',
    );
  });

  test('without runc where the daemon looks for it, profiles in containers are said to be refused', () => {
    const found = (host: Host): Finding | undefined => examine(host).find(({ name }) => name === 'runc');
    expect(found(played({}, ['runc']))).toMatchObject({ state: 'weaker' });
    expect(found(played({}, ['runc']))?.advice).toContain('fallback: sandbox');
    expect(found(played({}, ['/usr/sbin/runc']))).toMatchObject({ state: 'ok', advice: null });
  });

  test('this one is read with the same eyes', () => {
    expect(examine(thisHost()).map(({ name }) => name)).toContain('user namespaces');
  });
});

describe('driverctl isolation', () => {
  test('shows what the daemon plans for a method, by the method or the driver', () => {
    for (const word of ['echo.say', 'echo']) {
      const { status, json } = driverctl('isolation', word, '--socket', daemon.socket);
      expect(status).toBe(0);
      expect(json).toMatchObject({ driver: 'echo', isolation: { launcher: 'bubblewrap', network: 'host' } });
    }
    expect(driverctl('isolation', 'nothing', '--socket', daemon.socket).status).toBe(5);
  });
});

test('driverctl pause and resume: calls are refused in between, and resume is done on the host', async () => {
  const paused = driverctl('pause', '--socket', daemon.socket);
  expect(paused.json).toEqual({ paused_since: expect.any(String) });
  expect((await callOnce(daemon.socket, 'echo.say', { text: 'x' })).error?.data.reason).toBe('paused');
  expect(driverctl('resume', '--state', daemon.state).json).toEqual({ changed: true, daemon: 'told' });
  await expect
    .poll(async () => (await callOnce(daemon.socket, 'echo.say', { text: 'x' })).result, {
      timeout: patience * 10_000,
    })
    .toEqual({ text: 'x' });
  expect(driverctl('resume', '--state', daemon.state).json).toEqual({ changed: false, daemon: 'told' });
  expect(driverctl('resume', '--state', join(daemon.folder, 'nothing')).json).toEqual({
    changed: false,
    daemon: 'none',
  });
});
