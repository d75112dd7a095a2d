import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { callOnce } from '../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';

let daemon: TestDaemon;
afterEach(() => daemon.stop());

const events = (): string[] => daemon.records().map((record) => record.event);

test('a pause refuses every call of a driver, is on record, holds over a restart, and ends on the host alone', async () => {
  daemon = await startTestDaemon();
  const uid = process.geteuid?.();
  expect((await callOnce(daemon.socket, 'rpc.pause')).result).toEqual({ paused_since: expect.any(String) });
  expect((await callOnce(daemon.socket, 'echo.say', { text: 'x' })).error?.data.reason).toBe('paused');
  expect((await callOnce(daemon.socket, 'rpc.status')).result.paused_since).toEqual(expect.any(String));
  expect(daemon.records().find((record) => record.event === 'pause')?.facts).toMatchObject({ uid });
  expect(existsSync(join(daemon.state, 'paused'))).toBe(true);

  const { folder } = daemon;
  daemon.monitor.kill('SIGKILL');
  await new Promise((resolve) => daemon.monitor.once('exit', resolve));
  daemon = await startTestDaemon({ folder });
  expect((await callOnce(daemon.socket, 'echo.say', { text: 'x' })).error?.data.reason).toBe('paused');

  rmSync(join(daemon.state, 'paused'));
  daemon.monitor.kill('SIGHUP');
  await expect.poll(events, { timeout: 10_000 }).toContain('resume');
  await expect
    .poll(async () => (await callOnce(daemon.socket, 'echo.say', { text: 'x' })).result, { timeout: 10_000 })
    .toEqual({ text: 'x' });
});

test('a pause that root makes by hand counts, also while the configuration is broken', async () => {
  daemon = await startTestDaemon();
  writeFileSync(join(daemon.state, 'paused'), 'maintenance\n');
  writeFileSync(join(daemon.folder, 'policy.d/driverd.cedar'), 'permit(');
  daemon.monitor.kill('SIGHUP');
  await expect.poll(events, { timeout: 10_000 }).toContain('pause');
  expect((await callOnce(daemon.socket, 'echo.say', { text: 'x' })).error?.data.reason).toBe('paused');
});
