import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectClient, type Message } from '../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { patience } from '../support/patience.ts';

const PER_MINUTE = 6;
/** After which one token is there again. */
const TOKEN_MS = 60_000 / PER_MINUTE;
const CALL = { jsonrpc: '2.0', method: 'echo.say', params: { text: 'x' } };

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startTestDaemon({ settings: `limits: { calls_per_minute: ${PER_MINUTE} }` });
});
afterAll(() => daemon.stop());

test('one identity’s rate is one over all its connections and processes, in batches and notifications too (Z12)', async () => {
  const begun = performance.now();
  const [one, other] = [await connectClient(daemon.socket), await connectClient(daemon.socket)];
  expect((await one.call('echo.say', { text: 'x' })).result).toEqual({ text: 'x' });
  expect((await other.call('echo.say', { text: 'x' })).result).toEqual({ text: 'x' });
  // A notification has no reply; the next line is of what came after it.
  one.send([CALL, { ...CALL, id: 'in a batch' }]);
  const replies = await one.next();
  expect(replies).toMatchObject([{ id: 'in a batch', result: { text: 'x' } }]);
  const { stdout } = spawnSync('socat', ['-t', '20', '-', `UNIX:${daemon.socket}`], {
    input: `${JSON.stringify({ ...CALL, id: 1 })}\n`,
    encoding: 'utf8',
  });
  expect(JSON.parse(stdout).result).toEqual({ text: 'x' });

  const rest = Array.from({ length: 8 }, (_, id) => ({ ...CALL, id }));
  other.send(rest);
  const answers = (await other.next()) as readonly Message[];
  const reasons = answers.map(({ error }) => error?.data.reason ?? 'passed');
  // The five calls before came out of the same bucket; what was left, and what came back since.
  const most = PER_MINUTE - 5 + Math.floor((performance.now() - begun) / TOKEN_MS);
  expect(reasons.filter((reason) => reason === 'passed').length).toBeLessThanOrEqual(most);
  expect(new Set(reasons)).toEqual(new Set(['passed', 'rate-limited']));
  expect(answers.at(-1)?.error?.data.retry_after_ms).toBeGreaterThan(0);
  const started = (): number =>
    daemon.records().filter(({ event, claims }) => event === 'call-start' && claims['notification'] === true)
      .length;
  await expect.poll(started, { timeout: 10_000 * patience }).toBe(1);
  one.close();
  other.close();
});

test('and of each method for itself', async () => {
  const client = await connectClient(daemon.socket);
  expect((await client.call('rpc.discover')).error).toBeUndefined();
  expect((await client.call('catter.copy', { text: 'x' })).error).toBeUndefined();
  client.close();
});
