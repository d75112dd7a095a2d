import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../../scripts/development-folder.ts';
import { startTimeOf } from '../../src/shared/process-start.ts';
import { callOnce } from '../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';

const uid = process.geteuid?.() ?? 0;
/** The built-in methods alone: who may call a driver is `enable`'s to say here. */
const POLICY = `permit(principal == Uid::"${uid}", action in Action::"rpc", resource);\n`;
let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startTestDaemon({ policy: POLICY });
});
afterAll(() => daemon.stop());

function driverctl(...words: string[]) {
  const main = join(ROOT, 'dist/driverctl/main.js');
  const places = ['--config', daemon.folder, '--state', daemon.state];
  const args = [main, ...words, ...places, '--json'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return { status, stderr, report: stdout === '' ? null : JSON.parse(stdout) };
}

const usage = () => callOnce(daemon.socket, 'storage.usage', { path: '/' });
const states = (report: { files: { state: string }[] }) => report.files.map(({ state }) => state);
const enable = ['enable', 'disk', '--as', 'storage', '--allow', `uid:${uid}`];

describe('a driver under another name', () => {
  test('is callable as soon as enable has ended, and gone as soon as disable has', async () => {
    expect((await usage()).error?.data.reason).toBe('forbidden');

    const enabled = driverctl(...enable);
    expect(enabled).toMatchObject({
      status: 0,
      stderr: '',
      report: {
        profile: 'storage',
        driver: 'disk',
        asks: [{ word: 'read:/=/host', state: 'granted' }],
        reload: { state: 'reloaded' },
      },
    });
    expect(states(enabled.report)).toEqual(['changed', 'changed']);
    expect((await usage()).result).toMatchObject({ path: '/' });

    expect(states(driverctl(...enable).report)).toEqual(['unchanged', 'unchanged']);
    expect((await usage()).error).toBeUndefined();

    const disabled = driverctl('disable', 'storage');
    expect(disabled).toMatchObject({ status: 0, report: { reload: { state: 'reloaded' } } });
    expect(states(disabled.report)).toEqual(['removed', 'removed']);
    expect((await usage()).error?.data.reason).toBe('forbidden');
    expect(states(driverctl('disable', 'storage').report)).toEqual(['unchanged', 'unchanged']);
  });

  test('is not permitted to others than those allowed', async () => {
    const words = ['enable', 'disk', '--as', 'storage', '--allow', `uid:${uid + 1}`];
    expect(driverctl(...words).report.reload.state).toBe('reloaded');
    expect((await usage()).error?.data.reason).toBe('forbidden');
    driverctl('disable', 'storage');
  });

  test('keeps a file that an admin has edited since, and what the daemon runs', async () => {
    driverctl(...enable);
    const path = join(daemon.folder, 'drivers.d/storage.yaml');
    writeFileSync(path, `${readFileSync(path, 'utf8')}workdir: /tmp\n`);
    const edited = readFileSync(path, 'utf8');
    for (const words of [enable, ['disable', 'storage']]) {
      const { status, stderr, report } = driverctl(...words);
      expect([status, report]).toEqual([10, null]);
      expect(stderr).toContain('it was not made by driverctl, or was changed since');
    }
    expect(readFileSync(path, 'utf8')).toBe(edited);
    expect((await usage()).error).toBeUndefined();
    writeFileSync(path, edited.replace('workdir: /tmp\n', ''));
    expect(driverctl('disable', 'storage').status).toBe(0);
  });
});

test('what the daemon refuses is said with its reason and a status of its own, and it keeps what it had', async () => {
  const broken = join(daemon.folder, 'policy.d/broken.cedar');
  writeFileSync(broken, 'permit(principal, action in Action::"nosuch.x", resource);\n', { mode: 0o644 });
  const { status, stderr, report } = driverctl(...enable);
  expect(status).toBe(10);
  expect(report.reload.state).toBe('refused');
  expect(stderr).toMatch(/^driverctl: Cannot reload: the daemon keeps what it had: .*\n$/);
  expect(stderr).toContain('there is no such action');
  expect((await usage()).error?.data.reason).toBe('forbidden');
  // Once it is mended, the same words finish what the first run began.
  writeFileSync(broken, '');
  expect(driverctl(...enable)).toMatchObject({ status: 0, report: { reload: { state: 'reloaded' } } });
  expect((await usage()).error).toBeUndefined();
  driverctl('disable', 'storage');
});

test('the daemon notes its process beside its lock, for its own user alone; after its end no daemon is said to run', async () => {
  const path = join(daemon.state, 'pid');
  expect(readFileSync(path, 'utf8')).toBe(`${daemon.pid} ${startTimeOf(daemon.pid)}\n`);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const other = await startTestDaemon();
  const args = [join(ROOT, 'dist/driverctl/main.js'), 'enable', 'disk', '--json'];
  other.monitor.kill('SIGKILL');
  await new Promise((resolve) => other.monitor.once('exit', resolve));
  expect(existsSync(join(other.state, 'pid'))).toBe(true);
  const places = ['--config', other.folder, '--state', other.state];
  const { status, stdout } = spawnSync(process.execPath, [...args, ...places], { encoding: 'utf8' });
  expect([status, JSON.parse(stdout).reload]).toEqual([0, { state: 'no daemon runs' }]);
  await other.stop();
});
