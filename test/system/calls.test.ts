import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BUNDLED_PROFILES } from '../../scripts/development-folder.ts';
import { callOnce, connectClient } from '../support/client.ts';
import { startTestDaemon, TEST_PROFILES, type TestDaemon } from '../support/daemon.ts';

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startTestDaemon({ profiles: { ...BUNDLED_PROFILES, ...TEST_PROFILES } });
});
afterAll(() => daemon.stop());
const call = (method: string, params?: unknown) => callOnce(daemon.socket, method, params);

describe('bundled drivers answer through the whole daemon', () => {
  test('disk.usage gives the size that df prints for /, and used space within 1 %', async () => {
    const reply = await call('disk.usage', { path: '/' });
    const [, line = ''] = execFileSync('df', ['-B1', '--output=size,used', '/'], { encoding: 'utf8' }).split(
      '\n',
    );
    const [size, used] = line.trim().split(/\s+/).map(Number);
    expect(reply.result.size_bytes).toBe(size);
    expect(Math.abs(reply.result.used_bytes - (used ?? 0)) / (used ?? 1)).toBeLessThan(0.01);
  });

  test('host.info answers', async () => {
    const reply = await call('host.info', {});
    expect(reply.error).toBeUndefined();
    expect(JSON.stringify(reply.result)).toContain('kernel');
  });

  test('a command driver wraps an existing program without any code', async () => {
    const reply = await call('cpu.info', {});
    expect(reply.result.exit_status).toBe(0);
    expect(reply.result.stdout.lscpu.length).toBeGreaterThan(3);
  });

  test('a command driver takes params into its arguments', async () => {
    const reply = await call('accounts.lookup', { database: 'passwd', key: 'root' });
    expect(reply.result.stdout[0]).toMatch(/^root:/);
    const missing = await call('accounts.lookup', { database: 'passwd', key: 'no-such-user' });
    expect(missing.result).toEqual({ exit_status: 2, stdout: [] });
  });
});

describe('command drivers get params past the monitor', () => {
  test('argv elements and environment values arrive whole, whatever a shell would make of them', async () => {
    const words = ['a b', '$(id)', '`id`', "it's", '"', '\\n', '*', '', ' lead', 'ü€😀', '-n', '--x'];
    const reply = await call('arguments.show', { words, locale: 'C.UTF-8' });
    expect(reply.error).toBeUndefined();
    const text: string = JSON.stringify(reply.result.stdout);
    for (const word of words) expect(text).toContain(JSON.stringify(word).slice(1, -1));
  });

  test.each([
    'one line',
    'two\nlines',
    '\n\nleading and trailing\n\n',
    'quotes \' " ` and $(id) and \\n and \\',
    '-\n:\n+\n.\ntabs\tstay',
    ' spaces \n at the ends ',
    'unicode ä 漢 🙂',
    '',
  ])('an environment value reaches the program as it is, its lines too: %j', async (text) => {
    const reply = await call('arguments.variable', { text });
    expect(reply.result).toEqual({ exit_status: 0, stdout: `${text}\n` });
  });

  test('other control characters are removed from an environment value, and the record says how many', async () => {
    const reply = await call('arguments.variable', { text: 'a\u0000b\u001b[0mc\rd\u007f' });
    expect(reply.result.stdout).toBe('ab[0mcd\n');
    const end = daemon
      .records()
      .filter((record) => record.event === 'call-end')
      .at(-1);
    expect(end?.claims['control_characters_removed']).toBe(4);
  });

  test('a method can give the exit status alone', async () => {
    expect((await call('arguments.status', {})).result).toEqual({ exit_status: 0 });
  });

  test.each([
    'user',
    'groups',
    'capabilities',
    'network',
    'filesystem',
    'limits',
    'environment',
    'profile',
    'uid',
  ])('a security word in params is an ordinary schema error: %s (invariant 2)', async (word) => {
    const reply = await call('echo.say', { text: 'x', [word]: 'root' });
    expect(reply.error).toMatchObject({
      code: -32602,
      data: { reason: 'invalid-params', rule: 'additionalProperties' },
    });
  });

  test('an element with a control character is refused (J9)', async () => {
    const reply = await call('arguments.show', { words: ['a\nb'] });
    expect(reply.error?.code).toBe(-32602);
  });

  test('stdin reaches the program byte for byte', async () => {
    const text = `line one\n:looks like a gate line\n.\n${'x'.repeat(70_000)}`;
    const method = (await call('rpc.discover', {})).result.methods.find((one: { name: string }) =>
      one.name.startsWith('catter.'),
    );
    const reply = await call(method.name, { [method['x-driverd'].stdin]: text });
    expect(reply.result.stdout).toBe(text);
  });
});

describe('a driver that misbehaves gets a typed error, and its tree is dead', () => {
  const cases: [string, number, string][] = [
    ['crash', -32010, 'driver-failed'],
    ['exit7', -32010, 'driver-failed'],
    ['rubbish', -32011, 'driver-bad-output'],
    ['toomuch', -32012, 'output-limit'],
    ['badresult', -32011, 'driver-bad-output'],
    ['twice', -32011, 'driver-bad-output'],
    ['noanswer', -32010, 'driver-failed'],
    ['duplicate', -32011, 'driver-bad-output'],
  ];
  test.each(cases)('%s (D4, D5, D7)', async (method, code, reason) => {
    const reply = await call(`misbehave.${method}`, {});
    expect(reply.error?.code).toBe(code);
    expect(reply.error?.data.reason).toBe(reason);
    expect(reply.error?.data.request_id).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('exit status and the scrubbed tail of stderr stand in data.driver (D6)', async () => {
    const reply = await call('misbehave.exit7', {});
    expect(reply.error?.data.driver.exit_status).toBe(7);
    expect(reply.error?.data.driver.stderr.length).toBeGreaterThan(0);
  });

  test.each(['hang', 'ignoreterm'])(
    '%s ends at the caller’s timeout, by SIGKILL (R4, D8, D12)',
    async (method) => {
      const reply = await call(`misbehave.${method}`, { _meta: { timeoutMs: 500 } });
      expect(reply.error?.data.reason).toBe('timeout');
    },
  );

  test('a double-forked, setsid, TERM-ignoring grandchild that holds stdout is dead within 1 s of its call’s end (invariant 9, D2, R10)', async () => {
    const reply = await call('misbehave.orphan', {});
    await wait(1_000);
    expect(reply).toBeDefined();
    const alive = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line === 'sleep 1000');
    expect(alive).toEqual([]);
  });

  test('a disconnect cancels: the driver is dead and the record says so (T5)', async () => {
    const client = await connectClient(daemon.socket);
    client.send({ jsonrpc: '2.0', id: 1, method: 'misbehave.hang', params: {} });
    await wait(700);
    client.close();
    await expect
      .poll(() => daemon.records().some((record) => record.claims['outcome'] === 'disconnected'), {
        timeout: 5_000,
      })
      .toBe(true);
  });
});

test('progress reaches the caller that sent a token, and only that one', async () => {
  const client = await connectClient(daemon.socket);
  const reply = await client.call('misbehave.progress', {
    steps: 3,
    interval_ms: 150,
    _meta: { progressToken: 'p1' },
  });
  expect(reply.error).toBeUndefined();
  expect(client.notifications.length).toBeGreaterThan(0);
  expect(
    client.notifications.every(
      (one) => one.method === 'rpc.progress' && one.params?.['progressToken'] === 'p1',
    ),
  ).toBe(true);
  client.notifications.length = 0;
  await client.call('misbehave.progress', { steps: 3, interval_ms: 10 });
  expect(client.notifications).toEqual([]);
  client.close();
});

test('a reply carries what was applied when the request asks for it', async () => {
  const reply = await call('echo.say', { text: 'x', _meta: { reply: true } });
  const isolation = reply._meta?.['isolation'];
  expect(isolation).toMatchObject({ launcher: 'bubblewrap', capabilities: [], no_new_privs: true });
  expect(reply._meta?.['request_id']).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
});

test('rpc.status says that the configuration is for development, and how drivers are held', async () => {
  const reply = await call('rpc.status', {});
  expect(reply.result.development).toBe(true);
  expect(reply.result.audit.state).toBe('writing');
  expect(reply.result.drivers.length).toBeGreaterThan(3);
});

test('every call leaves an intent, a launch and an outcome, and the socket was there from the start (invariant 11)', async () => {
  const reply = await call('echo.say', { text: 'recorded', _meta: { reply: true } });
  const request = reply._meta?.['request_id'];
  const mine = daemon.records().filter((record) => record.claims['request_id'] === request);
  expect(mine.map((record) => record.event)).toEqual(['call-start', 'call-end']);
  expect(mine[0]?.claims['params_hash']).toMatch(/^[0-9a-f]{64}$/);
  expect(mine[1]?.claims['outcome']).toBe('ok');
  const calls = mine[0]?.claims['call'];
  expect(
    daemon.records().some((record) => record.event === 'launch' && record.claims['call'] === calls),
  ).toBe(true);
  expect(existsSync(daemon.socket)).toBe(true);
});
