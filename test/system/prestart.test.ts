import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { type ClaimsCheck, checkClaims } from '../../src/shared/audit/claims.ts';
import { callOnce, connectClient } from '../support/client.ts';
import {
  type AuditRecord,
  readRecords,
  startTestDaemon,
  TEST_DRIVERS,
  type TestDaemon,
  type TestDaemonOptions,
} from '../support/daemon.ts';
import { patience } from '../support/patience.ts';
import { commandLines, descendantsOf, openDescriptors } from '../support/processes.ts';

const SOON = { timeout: 15_000 * patience };
const PROFILES = {
  copy: 'version: 1\ndriver: catter\nprestart: { min: 2, max: 4 }\n',
  say: 'version: 1\ndriver: echo\nprestart: 1\n',
  cold: 'version: 1\ndriver: catter\n',
};

let daemon: TestDaemon;
afterEach(async () => {
  if (daemon.monitor.exitCode === null && daemon.monitor.signalCode === null) await daemon.stop();
});

const start = async (options: TestDaemonOptions = {}): Promise<void> => {
  daemon = await startTestDaemon({ profiles: PROFILES, ...options });
};
const call = (method: string, params?: unknown) => callOnce(daemon.socket, method, params);

async function poolOf(
  profile: string,
): Promise<{ ready: number; failures: number; [name: string]: unknown }> {
  const { result } = await call('rpc.status');
  return result.drivers.find(({ name }: { name: string }) => name === profile)?.pool;
}
const readyOf = async (profile: string): Promise<number> => (await poolOf(profile)).ready;
const full = async (): Promise<void> => {
  await expect.poll(() => readyOf('copy'), SOON).toBeGreaterThanOrEqual(2);
  await expect.poll(() => readyOf('say'), SOON).toBe(1);
};
const of = (event: string): AuditRecord[] => daemon.records().filter((record) => record.event === event);

function findings(): ReturnType<ClaimsCheck['result']>['findings'] {
  const check = checkClaims();
  for (const record of daemon.records() as Parameters<ClaimsCheck['take']>[0][]) check.take(record);
  return check.result().findings;
}

describe('a driver that stands ready', () => {
  test('serves one call and is dead when that ends; its intent names it, and another takes its place (invariant 9, 11)', async () => {
    await start();
    await full();
    const used: unknown[] = [];
    for (let round = 0; round < 4; round += 1) {
      await full();
      const [method, params] = round % 2 === 0 ? ['copy.copy', { text: 'x' }] : ['say.say', { text: 'x' }];
      expect((await call(String(method), params)).error).toBeUndefined();
      const intent = of('call-start').findLast(({ claims }) => claims['method'] === method);
      const launch = intent?.facts['launch'];
      used.push(launch);
      const [record] = of('launch').filter(({ facts }) => facts['launch'] === launch);
      expect(record?.facts).toMatchObject({ for: 'pool', session: null });
      expect(record?.claims).toEqual({});
      expect(record?.seq).toBeLessThan(intent?.seq ?? 0);
      const end = of('call-end').findLast(({ claims }) => claims['method'] === method);
      expect(end?.facts).toMatchObject({ launches: [launch], run: { end: 'exit', exit_status: 0 } });
      // It is dead before its call's outcome stands.
      const [launchEnd] = of('launch-end').filter(({ facts }) => facts['launch'] === launch);
      expect(launchEnd?.facts).toMatchObject({ session: intent?.facts['session'], opened: true });
    }
    expect(new Set(used).size).toBe(4);
    expect(findings()).toEqual([]);
  });

  test('is held exactly as one that its call starts (invariant 8)', async () => {
    await start();
    await full();
    await call('cold.copy', { text: 'x' });
    const [pooled] = of('launch').filter(({ facts }) => facts['profile'] === 'copy');
    const [cold] = of('launch').filter(({ facts }) => facts['profile'] === 'cold');
    // Each profile has a user of its own.
    const held = (record: AuditRecord | undefined): unknown =>
      Object.fromEntries(
        Object.entries(record?.facts['isolation'] ?? {}).filter(([name]) => name !== 'uid' && name !== 'gid'),
      );
    expect(held(pooled)).toEqual(held(cold));
    expect(pooled?.facts['driver_digest']).toBe(cold?.facts['driver_digest']);
  });

  test('is no call: it has neither intent nor outcome, and counts nowhere as one in flight', async () => {
    await start();
    await full();
    expect((await call('rpc.status')).result.calls_in_flight).toBe(1);
    const methods = daemon.records().map(({ claims }) => claims['method']);
    expect(methods.filter((method) => method !== undefined && method !== 'rpc.status')).toEqual([]);
  });

  test('that is a command waits for its arguments at a gate that stays shut until an intent names it', async () => {
    await start();
    await full();
    const lines = [...commandLines()].filter(([pid]) => descendantsOf(daemon.pid).includes(pid));
    const gates = lines.filter(([, line]) => line.endsWith('command 0 0 /usr/bin/cat'));
    expect(gates.length).toBeGreaterThanOrEqual(2);
    expect(lines.filter(([, line]) => line === '/usr/bin/cat')).toEqual([]);
  });

  test('takes its share of the demand: more stand ready after calls at once, no more than max', async () => {
    await start();
    await full();
    const client = await connectClient(daemon.socket);
    for (let number = 0; number < 12; number += 1)
      client.send({ jsonrpc: '2.0', id: number, method: 'copy.copy', params: { text: String(number) } });
    const heard = new Set<unknown>();
    while (heard.size < 12) {
      const message = await client.next();
      if (message === null || Array.isArray(message) || !('id' in message)) throw new Error('no reply');
      expect(message.error).toBeUndefined();
      heard.add(message.id);
    }
    client.close();
    await expect.poll(() => poolOf('copy'), SOON).toMatchObject({ ready: 4, wanted: 4 });
    expect(findings()).toEqual([]);
  });

  test('leaves no descriptor open when it has gone', async () => {
    await start();
    await full();
    await call('copy.copy', { text: 'x' });
    await full();
    const before = openDescriptors(daemon.pid);
    for (let round = 0; round < 20; round += 1) await call('copy.copy', { text: 'x' });
    await full();
    await expect.poll(() => openDescriptors(daemon.pid), SOON).toBeLessThanOrEqual(before + 8);
  });
});

describe('what stands ready goes', () => {
  test('when its profile changes, and with a profile that is disabled', async () => {
    await start();
    await full();
    const before = of('launch').map(({ facts }) => facts['launch']);
    writeFileSync(
      join(daemon.folder, 'drivers.d/copy.yaml'),
      'version: 1\ndriver: catter\nprestart: { min: 1, max: 2 }\nlimits: { wall_ms: 5000 }\n',
    );
    writeFileSync(join(daemon.folder, 'drivers.d/say.yaml'), 'version: 1\ndriver: echo\n');
    daemon.monitor.kill('SIGHUP');
    await expect.poll(() => of('reload').length, SOON).toBe(1);
    await expect
      .poll(() => of('launch-end').filter(({ facts }) => before.includes(facts['launch'])).length, SOON)
      .toBe(before.length);
    await expect.poll(() => readyOf('copy'), SOON).toBe(1);
    expect(await poolOf('say')).toBeUndefined();
    expect((await call('copy.copy', { text: 'x' })).result.stdout).toBe('x');
    expect(of('launch').at(-1)?.facts['isolation']).toMatchObject({ limits: { wall_ms: 5000 } });
  });

  test('but stays where a reload changes nothing of it', async () => {
    await start();
    await full();
    appendFileSync(join(daemon.folder, 'policy.d/driverd.cedar'), '\n// a remark\n');
    daemon.monitor.kill('SIGHUP');
    await expect.poll(() => of('reload').length, SOON).toBe(1);
    await call('rpc.status');
    expect(of('launch-end')).toEqual([]);
    expect((await call('copy.copy', { text: 'x' })).result.stdout).toBe('x');
    expect(of('call-start').at(-1)?.facts['launch']).toBeTypeOf('number');
  });

  test('when its program changed: no call gets the one from before', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'driverd-test-'));
    mkdirSync(join(folder, 'drivers'));
    cpSync(join(TEST_DRIVERS, 'echo'), join(folder, 'drivers/mine'), { recursive: true });
    const manifest = join(folder, 'drivers/mine/driver.yaml');
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('name: echo', 'name: mine'));
    await start({ folder, profiles: { mine: 'version: 1\nprestart: 1\n' } });
    await expect.poll(() => readyOf('mine'), SOON).toBe(1);
    const program = join(folder, 'drivers/mine/echo.mjs');
    writeFileSync(program, readFileSync(program, 'utf8').replace('params.text', "'new'"));
    expect((await call('mine.say', { text: 'old' })).result).toEqual({ text: 'new' });
    expect(of('launch-end').map(({ facts }) => facts['end'])).toContain('retired');
  });

  test('in a pause, and comes back after it', async () => {
    await start();
    await full();
    await call('rpc.pause');
    await expect
      .poll(() => of('launch-end').filter(({ facts }) => facts['end'] === 'retired').length, SOON)
      .toBe(3);
    await wait(200);
    expect(await readyOf('copy')).toBe(0);
    rmSync(join(daemon.state, 'paused'));
    daemon.monitor.kill('SIGHUP');
    await full();
  });

  test('at a stop, which does not wait for it', async () => {
    await start();
    await full();
    const below = descendantsOf(daemon.pid);
    const { log } = daemon;
    daemon.monitor.kill('SIGTERM');
    await new Promise((resolve) => daemon.monitor.once('exit', resolve));
    const records = readRecords(log);
    const ends = records.filter(({ event }) => event === 'launch-end');
    expect(ends).toHaveLength(records.filter(({ event }) => event === 'launch').length);
    expect(ends.map(({ facts }) => facts['end'])).toContain('retired');
    // Its broker's launcher dies with it, a moment later.
    await expect
      .poll(() => [...commandLines().keys()].filter((pid) => below.includes(pid)), SOON)
      .toEqual([]);
  });

  test('with its broker, and the next one has its own (invariant 9)', async () => {
    await start();
    await full();
    const broker = [...commandLines()].find(
      ([pid, line]) => line.includes('broker/main.js') && descendantsOf(daemon.pid).includes(pid),
    );
    const before = of('launch').map(({ facts }) => facts['launch']);
    process.kill(broker?.[0] ?? -1, 'SIGKILL');
    await expect
      .poll(() => of('launch-end').filter(({ facts }) => before.includes(facts['launch'])).length, SOON)
      .toBe(before.length);
    await full();
    expect((await call('copy.copy', { text: 'x' })).result.stdout).toBe('x');
  });

  test('with a daemon that is killed, at its next start at the latest', async () => {
    await start();
    await full();
    const below = descendantsOf(daemon.pid);
    const { folder } = daemon;
    daemon.monitor.kill('SIGKILL');
    await new Promise((resolve) => daemon.monitor.once('exit', resolve));
    await start({ folder });
    await expect
      .poll(() => [...commandLines().keys()].filter((pid) => below.includes(pid)), SOON)
      .toEqual([]);
    await full();
  });
});

test('a driver that ends before its call is started again ever more seldom, and its calls start their own', async () => {
  await start({ profiles: { shortlived: 'version: 1\nprestart: 2\n', copy: PROFILES.copy } });
  await expect.poll(async () => (await poolOf('shortlived')).failures, SOON).toBeGreaterThan(3);
  const launches = of('launch').filter(({ facts }) => facts['profile'] === 'shortlived').length;
  await wait(500);
  expect(of('launch').filter(({ facts }) => facts['profile'] === 'shortlived').length).toBeLessThan(
    launches + 3,
  );
  expect((await call('shortlived.say', {})).error?.data.reason).toBe('driver-failed');
  expect((await call('copy.copy', { text: 'x' })).result.stdout).toBe('x');
});

test('pools that could take every launch are refused, and so is a pool of what is persistent', async () => {
  const all = { settings: 'limits: { launches: 3 }' };
  await expect(startTestDaemon({ profiles: PROFILES, ...all })).rejects.toThrow(/may have 5 launches alive/);
  await expect(
    startTestDaemon({ profiles: { say: 'version: 1\ndriver: echo\nmode: persistent\nprestart: 1\n' } }),
  ).rejects.toThrow(/say\.yaml:\d+: prestart/);
  await expect(
    startTestDaemon({ profiles: { copy: 'version: 1\ndriver: catter\nmode: persistent\n' } }),
  ).rejects.toThrow(/copy\.yaml:\d+: mode/);
  await expect(
    startTestDaemon({ profiles: { copy: 'version: 1\ndriver: catter\nprestart: { min: 3, max: 2 }\n' } }),
  ).rejects.toThrow(/copy\.yaml:\d+: prestart\.min/);
  await start();
});
