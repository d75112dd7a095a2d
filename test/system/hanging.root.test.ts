import { spawnSync } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { connectClient } from '../support/client.ts';
import { startTestDaemon } from '../support/daemon.ts';
import { patience } from '../support/patience.ts';

const OTHER = ['--reuid', '4242', '--regid', '4242', '--clear-groups'];
/** More than there may be drivers alive, by default. */
const CALLS = 100;
const CONNECTIONS = 2;
const HANGING_WITHIN_MS = 60_000 * patience;
const SETTLES_MS = 500;

test('one identity whose drivers hang cannot take all drivers that may be alive, with the limits as they are by default', {
  timeout: 120_000 * patience,
}, async () => {
  const daemon = await startTestDaemon({
    policy: 'permit(principal, action in Action::"call", resource);\n',
  });
  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => connectClient(daemon.socket)));
  for (let call = 0; call < CALLS; call += 1)
    clients[call % CONNECTIONS]?.send({ jsonrpc: '2.0', id: call, method: 'misbehave.hang', params: {} });
  const launches = (): number => daemon.records().filter(({ event }) => event === 'launch').length;
  const giveUpAt = Date.now() + HANGING_WITHIN_MS;
  for (let before = -1; before !== launches() || before === 0; ) {
    expect(Date.now()).toBeLessThan(giveUpAt);
    before = launches();
    await wait(SETTLES_MS * patience);
  }
  const line = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'echo.say', params: { text: 'x' } });
  const { stdout } = spawnSync('setpriv', [...OTHER, 'socat', '-t', '30', '-', `UNIX:${daemon.socket}`], {
    input: `${line}\n`,
    encoding: 'utf8',
  });
  expect(JSON.parse(stdout).result).toEqual({ text: 'x' });
  for (const client of clients) client.close();
  await daemon.stop();
});
