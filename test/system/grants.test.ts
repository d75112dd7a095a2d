import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callOnce } from '../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startTestDaemon({ profiles: { disk: 'version: 1\n', echo: 'version: 1\n' } });
});
afterAll(() => daemon.stop());

test('a manifest that asks for more than its profile grants is on record and counted in status', async () => {
  const record = daemon.records().find(({ event }) => event === 'asks-not-granted');
  expect(record?.facts).toEqual({ profile: 'disk', words: ['read:/=/host'], count: 1 });
  const { result } = await callOnce(daemon.socket, 'rpc.status');
  expect(result.asks_not_granted).toBe(1);
});

test('a profile that grants more than before is on record with what is new, and counted in status', async () => {
  mkdirSync(join(daemon.folder, 'more'));
  writeFileSync(
    join(daemon.folder, 'drivers.d/echo.yaml'),
    'version: 1\nnetwork: loopback\nlimits: { processes: 100 }\nsyscalls: { allow: [ptrace] }\n',
  );
  const seen = daemon.records().length;
  daemon.monitor.kill('SIGHUP');
  const widened = (): unknown =>
    daemon
      .records()
      .slice(seen)
      .find(({ event }) => event === 'grants-widened')?.facts;
  await expect.poll(widened, { timeout: 10_000 }).toEqual({
    profile: 'echo',
    words: ['limit:processes=100', 'network:loopback', 'syscall:ptrace'],
    count: 3,
  });
  const { result } = await callOnce(daemon.socket, 'rpc.status');
  expect(result.grants_widened).toBe(3);
});

test('rpc.isolation says beforehand what a launch then states', async () => {
  const { result } = await callOnce(daemon.socket, 'rpc.isolation');
  const planned = result.drivers.find(({ name }: { name: string }) => name === 'echo').isolation;
  const reply = await callOnce(daemon.socket, 'echo.say', { text: 'x', _meta: { reply: true } });
  const { groups: plannedGroups, ...rest } = planned;
  const isolation: unknown = reply._meta?.['isolation'];
  const { groups, ...applied } = isolation as Record<string, unknown>;
  expect(rest).toEqual(applied);
  expect(plannedGroups).toEqual([]);
  // Rootless the user's own groups stay, and the record says so.
  if (process.geteuid?.() === 0) expect(groups).toEqual([]);
});
