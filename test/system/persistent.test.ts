import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { checkClaims } from '../../src/shared/audit/claims.ts';
import { type Client, callOnce, connectClient, type Message } from '../support/client.ts';
import {
  type AuditRecord,
  startTestDaemon,
  type TestDaemon,
  type TestDaemonOptions,
} from '../support/daemon.ts';
import { patience } from '../support/patience.ts';
import { commandLines, descendantsOf, isAlive } from '../support/processes.ts';

const SOON = { timeout: 15_000 * patience };
const PROFILE = 'version: 1\nmode: persistent\n';

let daemon: TestDaemon;
const clients: Client[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  if (daemon.monitor.exitCode === null && daemon.monitor.signalCode === null) await daemon.stop();
});

async function start(profile = PROFILE, options: TestDaemonOptions = {}): Promise<void> {
  daemon = await startTestDaemon({ profiles: { shared: profile }, ...options });
}
const call = (method: string, params: unknown = {}): Promise<Message> =>
  callOnce(daemon.socket, method, params);

/** A call on a connection of its own, which stays. */
async function begin(method: string, params: unknown = {}, meta: object = {}): Promise<Running> {
  const client = await connectClient(daemon.socket);
  clients.push(client);
  const given = { ...(params as object), _meta: meta };
  const heard: Message[] = [];
  client.send({ jsonrpc: '2.0', id: 'it', method, params: given });
  async function reply(): Promise<Message> {
    for (;;) {
      const message = (await client.next()) as Message | null;
      if (message === null) throw new Error('Cannot hear the daemon: it closed the connection');
      if (message.id === 'it') return message;
      heard.push(message);
    }
  }
  const answered = reply();
  // A test that closes the connection looks at the records.
  answered.catch(() => undefined);
  return { client, heard, reply: answered };
}
interface Running {
  readonly client: Client;
  readonly heard: Message[];
  readonly reply: Promise<Message>;
}

const poolOf = async (): Promise<{ readonly [name: string]: unknown }> =>
  (await call('rpc.status')).result.drivers[0].pool;
const of = (event: string): AuditRecord[] => daemon.records().filter((record) => record.event === event);
const who = async (): Promise<number> => (await call('shared.whoami')).result.started;
const reasonOf = ({ error }: Message): unknown => error?.data.reason;
const endOf = (launch: unknown): AuditRecord | undefined =>
  of('launch-end').find(({ facts }) => facts['launch'] === launch);

function findings(): unknown {
  const check = checkClaims();
  for (const record of daemon.records() as Parameters<typeof check.take>[0][]) check.take(record);
  return check.result().findings;
}

describe('a persistent driver', () => {
  test('answers many calls at once from one process, in any order; each has its intent and outcome (invariant 11)', async () => {
    await start();
    const slow = await begin('shared.wait', { ms: 60_000 });
    const started = await who();
    const replies = await Promise.all(
      Array.from({ length: 40 }, (_, number) => call('shared.say', { text: `${number}` })),
    );
    expect(replies.map(({ result }) => result.text)).toEqual(replies.map((_, number) => `${number}`));
    expect(await who()).toBe(started);
    slow.client.close();
    await expect.poll(() => of('call-end').length, SOON).toBe(43);
    const intents = of('call-start');
    expect(new Set(intents.map(({ facts }) => facts['launch']))).toEqual(new Set([1]));
    expect(of('launch')).toHaveLength(1);
    expect(of('launch')[0]?.facts).toMatchObject({ for: 'persistent', session: null });
    for (const end of of('call-end')) expect(end.facts['launches']).toEqual([1]);
    expect(findings()).toEqual([]);
  });

  test('whose SDK serves several requests at once, and tells a handler that its call was cancelled', async () => {
    daemon = await startTestDaemon({
      profiles: { sdk: 'version: 1\ndriver: with-sdk\nmode: persistent\nlimits: { wall_ms: 20000 }\n' },
    });
    const counting = await begin('sdk.count', { to: 3, interval_ms: 20 }, { progressToken: 'p' });
    expect((await call('sdk.add', { left: 1, right: 2 })).result).toBe(3);
    expect(reasonOf(await call('sdk.refuse'))).toBe('driver-error');
    expect(reasonOf(await call('sdk.break'))).toBe('driver-failed');
    expect(reasonOf(await call('sdk.unprintable'))).toBe('driver-failed');
    expect((await call('sdk.later')).result).toBe('done');
    expect((await call('sdk.inherited')).result).toBe(true);
    expect((await counting.reply).result).toBe(3);
    expect(counting.heard.at(-1)?.params).toMatchObject({ progress: 3, total: 3 });
    expect(of('launch')).toHaveLength(1);
  });

  test('has its progress and log lines told apart by the request that they name', async () => {
    await start();
    const speaking = await begin('shared.speak', { text: 'mine' }, { progressToken: 'p' });
    const other = await begin('shared.wait', { ms: 100 }, { progressToken: 'q' });
    expect((await speaking.reply).result).toEqual({ text: 'mine' });
    expect(speaking.heard.map(({ params }) => params)).toEqual([
      { progressToken: 'p', progress: 1, total: 2, message: 'mine' },
    ]);
    await other.reply;
    expect(other.heard).toEqual([]);
    const { lines } = (await call('rpc.logs', { driver: 'shared' })).result;
    const [said] = lines.filter(({ source }: { source: string }) => source === 'log');
    const intent = of('call-start').find(({ claims }) => claims['method'] === 'shared.speak');
    expect(said).toMatchObject({ level: 'warn', request: intent?.claims['request_id'] });
  });

  test('says on stderr what belongs to no call: it stands in the log of the driver, and in no error', async () => {
    await start();
    await call('shared.complain', { text: 'a word for the admin' });
    const crashed = await call('shared.crash');
    expect(JSON.stringify(crashed)).not.toContain('a word for the admin');
    expect(crashed.error?.data.driver).toEqual({ exit_status: 7, signal: null });
    const { lines } = (await call('rpc.logs', { driver: 'shared' })).result;
    expect(lines).toContainEqual(
      expect.objectContaining({ source: 'stderr', request: null, text: 'a word for the admin' }),
    );
  });

  test('keeps between calls what it wants to: docs/speed.md warns of it', async () => {
    await start();
    await call('shared.remember', { text: 'of the first caller' });
    expect((await call('shared.remember', { text: 'x' })).result).toEqual({ before: 'of the first caller' });
  });

  test('has its output scrubbed of the secrets that it was given (invariant 10)', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'driverd-test-'));
    writeFileSync(join(folder, 'token'), 'correct-horse-battery\n', { mode: 0o600 });
    const secrets = `secrets:\n  - { name: token, file: ${join(folder, 'token')} }\n`;
    await start(`${PROFILE}${secrets}`, { folder });
    const reply = await call('shared.say', { text: 'it is correct-horse-battery' });
    expect(JSON.stringify(reply)).not.toContain('battery');
    const speaking = await begin('shared.speak', { text: 'correct-horse-battery' }, { progressToken: 'p' });
    await speaking.reply;
    expect(JSON.stringify(speaking.heard)).not.toContain('battery');
    await call('shared.complain', { text: 'correct-horse-battery' });
    expect(JSON.stringify((await call('rpc.logs', { driver: 'shared' })).result)).not.toContain('battery');
  });

  test('takes no more calls at once than max_concurrency; more wait for a place', async () => {
    await start(`${PROFILE}persistent: { processes: 2, max_concurrency: 1 }\n`);
    await expect.poll(poolOf, SOON).toMatchObject({ processes: 2, state: 'ready' });
    const [one, two] = [await begin('shared.wait', { ms: 300 }), await begin('shared.wait', { ms: 300 })];
    const third = call('shared.whoami');
    await expect.poll(poolOf, SOON).toMatchObject({ calls_in_flight: 2 });
    expect((await one.reply).result).toEqual({ waited: true });
    expect((await two.reply).result).toEqual({ waited: true });
    expect((await third).error).toBeUndefined();
    const launches = of('call-start').flatMap(({ facts }) => facts['launch'] ?? []);
    expect(new Set(launches).size).toBe(2);
  });
});

describe('the process of a persistent driver is replaced', () => {
  test('after recycle_calls, without a call that fails', async () => {
    await start(`${PROFILE}persistent: { recycle_calls: 5 }\n`);
    const replies = await Promise.all(Array.from({ length: 23 }, () => call('shared.whoami')));
    expect(replies.map(({ error }) => error)).toEqual(replies.map(() => undefined));
    for (let round = 0; round < 7; round += 1) expect((await call('shared.whoami')).error).toBeUndefined();
    const uses = new Map<unknown, number>();
    for (const { facts } of of('call-start'))
      if (facts['launch'] !== undefined) uses.set(facts['launch'], (uses.get(facts['launch']) ?? 0) + 1);
    expect(Math.max(...uses.values())).toBe(5);
    expect(uses.size).toBeGreaterThanOrEqual(6);
    expect(findings()).toEqual([]);
  });

  test('when it is too old', async () => {
    await start(`${PROFILE}persistent: { recycle_age_ms: 1000 }\n`);
    const before = await who();
    await expect.poll(who, SOON).not.toBe(before);
    await expect.poll(() => endOf(1)?.facts['end'], SOON).toBe('asked');
  });

  test('when it holds too much memory', async () => {
    await start(`${PROFILE}persistent: { recycle_memory_bytes: 120000000 }\n`);
    const before = await who();
    await call('shared.grow');
    await expect.poll(who, SOON).not.toBe(before);
  });

  test('when its profile changes; a call that it has ends there, and new ones go to the next', async () => {
    await start();
    const slow = await begin('shared.wait', { ms: 1_500 });
    const before = await who();
    appendFileSync(join(daemon.folder, 'drivers.d/shared.yaml'), 'limits: { wall_ms: 30000 }\n');
    daemon.monitor.kill('SIGHUP');
    await expect.poll(() => of('reload').length, SOON).toBe(1);
    await expect.poll(who, SOON).not.toBe(before);
    expect((await slow.reply).result).toEqual({ waited: true });
    await expect.poll(() => endOf(1)?.facts['end'], SOON).toBe('asked');
  });

  test('and ends in a pause, with its profile and at a stop', async () => {
    await start();
    await who();
    await call('rpc.pause');
    await expect.poll(() => endOf(1)?.facts['end'], SOON).toBe('asked');
    rmSync(join(daemon.state, 'paused'));
    daemon.monitor.kill('SIGHUP');
    await expect.poll(async () => (await call('shared.whoami')).error, SOON).toBeUndefined();
    writeFileSync(join(daemon.folder, 'drivers.d/shared.yaml'), 'version: 1\n');
    daemon.monitor.kill('SIGHUP');
    await expect.poll(() => endOf(2)?.facts['end'], SOON).toBe('asked');
    writeFileSync(join(daemon.folder, 'drivers.d/shared.yaml'), PROFILE);
    daemon.monitor.kill('SIGHUP');
    await expect.poll(async () => (await poolOf())?.['state'], SOON).toBe('ready');
    const below = descendantsOf(daemon.pid);
    expect(await daemon.stop()).toBe(0);
    // The broker itself may take a moment longer than the monitor.
    await expect.poll(() => below.filter(isAlive), SOON).toEqual([]);
  });
});

describe('a call in a persistent driver that is to end early', () => {
  test('is told to the process, which goes on with the others', async () => {
    await start();
    const other = await begin('shared.wait', { ms: 700 });
    const before = await who();
    const reply = await call('shared.wait', { ms: 60_000, _meta: { timeoutMs: 100 } });
    expect(reasonOf(reply)).toBe('timeout');
    const leaving = await begin('shared.wait', { ms: 60_000 });
    leaving.client.close();
    await expect
      .poll(() => of('call-end').map(({ claims }) => claims['end_reason']), SOON)
      .toContain('disconnected');
    expect((await other.reply).result).toEqual({ waited: true });
    expect(await who()).toBe(before);
    expect(of('launch')).toHaveLength(1);
  });

  test('and does not ends its process, and the others get one retryable error', async () => {
    await start();
    const others = [await begin('shared.wait', { ms: 60_000 }), await begin('shared.wait', { ms: 60_000 })];
    const reply = await call('shared.stubborn', { _meta: { timeoutMs: 100 } });
    expect(reasonOf(reply)).toBe('timeout');
    for (const { reply: lost } of others) {
      const { error } = await lost;
      expect(error?.data).toMatchObject({ reason: 'driver-restarted', retryable: true });
    }
    expect((await call('shared.say', { text: 'x' })).result).toEqual({ text: 'x' });
    expect(of('launch')).toHaveLength(2);
    const ends = of('call-end').map(({ claims }) => claims['end_reason']);
    expect(ends.slice(0, 3).sort()).toEqual(['crashed', 'crashed', 'timeout']);
    expect(findings()).toEqual([]);
  });
});

describe('a persistent driver that breaks the protocol is ended, and what it had is told so', () => {
  test.each([
    ['answers with a number that nobody waits for', 'stranger'],
    ['says what is no JSON', 'rubbish'],
    ['ends', 'crash'],
  ])('one that %s', async (_what, method) => {
    await start();
    const other = await begin('shared.wait', { ms: 60_000 });
    expect(reasonOf(await call(`shared.${method}`))).toBe('driver-restarted');
    expect(reasonOf(await other.reply)).toBe('driver-restarted');
    expect((await call('shared.say', { text: 'x' })).result).toEqual({ text: 'x' });
    expect(of('launch')).toHaveLength(2);
  });

  test('one that answers twice: the first answer counts, the second ends it', async () => {
    await start();
    const other = await begin('shared.wait', { ms: 60_000 });
    expect((await call('shared.twice')).result).toEqual({ times: 1 });
    expect(reasonOf(await other.reply)).toBe('driver-restarted');
  });

  test('one that answers for another call reaches that call, as docs/speed.md says, and never one of another driver', async () => {
    daemon = await startTestDaemon({
      profiles: { shared: PROFILE, second: `${PROFILE}driver: shared\n` },
    });
    const victim = await begin('shared.wait', { ms: 60_000 });
    const safe = await begin('second.wait', { ms: 1_000 });
    expect((await call('shared.another')).result).toEqual({ forged: false });
    expect((await victim.reply).result).toEqual({ forged: true });
    expect((await safe.reply).result).toEqual({ waited: true });
  });

  test('one answer outside of its schema fails its call alone', async () => {
    await start();
    const other = await begin('shared.wait', { ms: 300 });
    expect(reasonOf(await call('shared.wrong'))).toBe('driver-bad-output');
    expect((await other.reply).result).toEqual({ waited: true });
    expect(of('launch')).toHaveLength(1);
  });
});

test('a driver that ends again and again is given up for a while: calls hear so at once, and status says it', async () => {
  await start();
  await expect
    .poll(
      async () => {
        await call('shared.crash');
        return (await poolOf())['state'];
      },
      { timeout: 30_000 * patience, interval: 10 },
    )
    .toBe('unavailable');
  const { error } = await call('shared.say', { text: 'x' });
  expect(error?.data).toMatchObject({ reason: 'driver-unavailable', retryable: true });
  expect(error?.data.retry_after_ms).toBeGreaterThan(0);
  expect((await poolOf())['failures']).toBeGreaterThanOrEqual(3);
  await expect
    .poll(async () => (await call('shared.say', { text: 'x' })).result, SOON)
    .toEqual({ text: 'x' });
  const refused = of('refused').map(({ claims }) => claims['reason']);
  expect(refused).toContain('driver-unavailable');
});

test('a program that never answers the first request does not become ready, and its calls say so', async () => {
  daemon = await startTestDaemon({ profiles: { shortlived: 'version: 1\nmode: persistent\n' } });
  await expect.poll(async () => (await poolOf())['state'], SOON).toBe('unavailable');
  expect(reasonOf(await call('shortlived.say'))).toBe('driver-unavailable');
});

test('a broker that is killed takes its persistent drivers with it, and the next has its own (invariant 9)', async () => {
  await start();
  const before = await who();
  const broker = [...commandLines()].find(
    ([pid, line]) => line.includes('broker/main.js') && descendantsOf(daemon.pid).includes(pid),
  );
  process.kill(broker?.[0] ?? -1, 'SIGKILL');
  await expect.poll(() => endOf(1)?.facts['end'], SOON).toBe('broker-ended');
  await expect.poll(who, SOON).not.toBe(before);
});
