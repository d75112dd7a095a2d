import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { ROOT } from '../../scripts/development-folder.ts';
import { callOnce } from '../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';

let daemon: TestDaemon;
afterEach(() => daemon.stop());

function reload(): SpawnSyncReturns<string> {
  const program = join(ROOT, 'dist/driverctl/main.js');
  const words = ['reload', '--log', daemon.log, '--state', daemon.state];
  return spawnSync(process.execPath, [program, ...words], { encoding: 'utf8', timeout: 30_000 });
}

test('driverctl reload waits until the new configuration runs', async () => {
  daemon = await startTestDaemon();
  writeFileSync(join(daemon.folder, 'drivers.d/more.yaml'), 'version: 1\ndriver: echo\n');
  const { status, stdout } = reload();
  expect([status, JSON.parse(stdout)]).toEqual([0, { state: 'reloaded' }]);
  expect((await callOnce(daemon.socket, 'more.say', { text: 'new' })).result).toEqual({ text: 'new' });
});

test.each([
  ['a profile', 'drivers.d/echo.yaml', 'version: 1\nlimts: {}\n', /echo\.yaml:2: limts/],
  ['a policy', 'policy.d/driverd.cedar', 'permit(', /driverd\.cedar:1/],
  ['the settings', 'driverd.yaml', 'version: 1\nlimts: {}\n', /driverd\.yaml:2: limts/],
])(
  'with a broken file of %s it fails and says where, and the old configuration answers',
  async (_what, file, text, where) => {
    daemon = await startTestDaemon();
    writeFileSync(join(daemon.folder, file), text);
    const { status, stderr } = reload();
    expect(status).toBe(10);
    expect(stderr).toMatch(where);
    expect((await callOnce(daemon.socket, 'echo.say', { text: 'old' })).result).toEqual({ text: 'old' });
  },
);
