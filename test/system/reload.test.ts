import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { ROOT } from '../../scripts/development-folder.ts';
import { callOnce, connectClient } from '../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { patience } from '../support/patience.ts';

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

test('a batch is judged by the configuration that it came under, although its permit goes while it waits (Z5)', async () => {
  daemon = await startTestDaemon({ settings: 'limits: { in_flight: 1, queue_ms: 60000 }' });
  const client = await connectClient(daemon.socket);
  const say = { jsonrpc: '2.0', method: 'echo.say', params: { text: 'late' } };
  client.send([
    { jsonrpc: '2.0', id: 1, method: 'misbehave.hang', params: { _meta: { timeoutMs: 6_000 } } },
    { ...say, id: 2 },
    { ...say, id: 3 },
  ]);
  const started = (): number => daemon.records().filter(({ event }) => event === 'launch').length;
  await expect.poll(started, { timeout: 10_000 * patience }).toBe(1);
  writeFileSync(
    join(daemon.folder, 'policy.d/driverd.cedar'),
    'permit(principal, action == Action::"catter.copy", resource);',
  );
  expect(reload().status).toBe(0);
  expect(started()).toBe(1);
  expect(await client.next()).toMatchObject([
    { id: 1, error: { data: { reason: 'timeout' } } },
    { id: 2, result: { text: 'late' } },
    { id: 3, result: { text: 'late' } },
  ]);
  expect((await client.call('echo.say', { text: 'new' })).error?.data.reason).toBe('forbidden');
  client.close();
  // Which policies those were: each load's record has the number of the configuration and the digest of its files.
  const intents = daemon.records().filter(({ event }) => event === 'call-start');
  expect(intents.map(({ facts }) => facts['generation'])).toEqual([1, 1, 1]);
  const loads = daemon.records().filter(({ event }) => event === 'daemon-start' || event === 'reload');
  expect(loads.map(({ facts }) => facts['generation'])).toEqual([1, 2]);
  expect(new Set(loads.map(({ facts }) => facts['digest'])).size).toBe(2);
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
