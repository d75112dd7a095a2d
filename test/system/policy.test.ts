import { afterAll, beforeAll, expect, test } from 'vitest';
import { callOnce } from '../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';

const uid = process.geteuid?.() ?? 0;
let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startTestDaemon({
    policy: `permit(principal == Uid::"${uid}", action == Action::"echo.say", resource) when { context.params.text like "ok*" };\n`,
  });
});
afterAll(() => daemon.stop());

const error = async (method: string, params?: unknown) =>
  (await callOnce(daemon.socket, method, params)).error;

test('a condition on params decides, and the user who started the daemon has no habit of its own, root least of all (Z10, J16)', async () => {
  expect(await error('echo.say', { text: 'ok then' })).toBeUndefined();
  expect((await error('echo.say', { text: 'no' }))?.data.reason).toBe('forbidden');
  expect((await error('misbehave.slow', { ms: 1 }))?.data.reason).toBe('forbidden');
});

test('a method that exists and one that does not are refused alike, whatever the params are (J21, Z11)', async () => {
  const answers = [
    await error('misbehave.slow', { ms: 1 }),
    await error('misbehave.slow', { wrong: 'params' }),
    await error('misbehave.nothing', {}),
    await error('nowhere.nothing', [1, 2]),
    await error('rpc.status', {}),
    await error('rpc.nothing', {}),
    await error('constructor', {}),
  ];
  for (const answer of answers)
    expect({ ...answer, data: { ...answer?.data, request_id: '' } }).toEqual({
      code: -32001,
      message: 'Cannot call the method: the policy does not permit it',
      data: { request_id: '', reason: 'forbidden', retryable: false },
    });
});

test('a method is named exactly: case, spaces and look-alikes are other methods (Z6)', async () => {
  for (const name of ['Echo.say', 'echo.say ', 'echo.sаy', 'echo..say']) {
    expect((await error(name, { text: 'ok' }))?.data.reason).toBe('forbidden');
  }
});

test('built-in methods need their own permit, but for what is the caller’s own (Z7)', async () => {
  expect((await error('rpc.status'))?.data.reason).toBe('forbidden');
  expect(await error('rpc.discover')).toBeUndefined();
});

test('discover lists what the caller may call and nothing else', async () => {
  const { result } = await callOnce(daemon.socket, 'rpc.discover');
  expect(result.methods.map((method: { name: string }) => method.name)).toEqual([
    'rpc.discover',
    'rpc.cancel',
    'echo.say',
  ]);
});

test('an identity in the params is a param like any other (N1)', async () => {
  expect((await error('echo.say', { text: 'ok', uid: 0 }))?.data).toMatchObject({
    reason: 'invalid-params',
    rule: 'additionalProperties',
  });
});

test('what was refused is on record, with a keyed hash of the params and nothing of them (invariants 11 and 13, C10)', async () => {
  await error('misbehave.slow', { ms: 424242 });
  const denied = daemon
    .records()
    .filter((record) => record.event === 'denied' && record.claims['method'] === 'misbehave.slow');
  expect(denied.length).toBeGreaterThan(0);
  expect(denied.at(-1)?.claims['params_hash']).toMatch(/^[0-9a-f]{64}$/);
  expect(JSON.stringify(daemon.records())).not.toContain('424242');
});
