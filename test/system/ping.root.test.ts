import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { childrenOf } from '../../src/monitor/launch/process-status.ts';
import { callOnce, connectClient } from '../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { descendantsOf, statusOf } from '../support/processes.ts';

const GRANTS = 'version: 1\nnetwork: loopback\ncapabilities: [CAP_NET_RAW]\n';
const LISTED = 'environment: { PING_TARGETS: "127.0.0.0/8 ::1 localhost" }\n';
const NET_RAW = '0000000000002000';
let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startTestDaemon({
    profiles: {
      ping: `${GRANTS}${LISTED}`,
      unlisted: `${GRANTS}driver: ping\n`,
      broken: `${GRANTS}driver: ping\nenvironment: { PING_TARGETS: "127.0.0.1 127.0.0.0/99" }\n`,
      powerless: `version: 1\ndriver: ping\nnetwork: loopback\n${LISTED}`,
      strict: `${GRANTS}${LISTED}driver: ping\nsyscalls: { filter: strict }\n`,
      misbehave: GRANTS,
    },
  });
});
afterAll(() => daemon.stop());
const ping = (params: unknown, profile = 'ping') => callOnce(daemon.socket, `${profile}.send`, params);

test.each(['127.0.0.1', '::1', 'localhost'])(
  'ping gets its echo from %s as an ordinary user with CAP_NET_RAW alone, and the record says so (invariant 7)',
  async (target) => {
    const reply = await ping({ target, count: 2, wait_ms: 5_000, _meta: { reply: true } });
    expect(reply.error).toBeUndefined();
    expect(reply.result).toMatchObject({ target, sent: 2, received: 2 });
    expect(reply.result.round_trip_ms.minimum).toBeGreaterThan(0);
    const { uid, ...isolation } = Object(reply._meta?.['isolation']);
    expect(uid).toBeGreaterThan(0);
    expect(isolation).toMatchObject({ way: 'inner-setpriv', capabilities: ['CAP_NET_RAW'] });
  },
);

test('it gets its echo under the strict filter too', async () => {
  const reply = await ping({ target: '127.0.0.1', wait_ms: 5_000 }, 'strict');
  expect(reply.result).toMatchObject({ received: 1 });
});

test('the echo needs the capability: without it the driver makes no raw socket', async () => {
  const reply = await ping({ target: '127.0.0.1' }, 'powerless');
  expect(reply.error?.data).toMatchObject({ reason: 'driver-failed' });
});

test('a target outside of the profile’s list is refused, whatever it is called, and no list refuses all', async () => {
  for (const target of ['192.0.2.1', '::2', 'example.org', '0.0.0.0', '2130706433'])
    expect((await ping({ target })).error?.data).toMatchObject({ error: 'target_not_allowed' });
  expect((await ping({ target: '127.0.0.1' }, 'unlisted')).error?.data).toMatchObject({
    error: 'no_targets',
  });
  expect((await ping({ target: '127.0.0.1' }, 'broken')).error).toBeDefined();
  for (const target of ['-c1', 'a b', '127.0.0.1;id', 'fe80::1%lo', ''])
    expect((await ping({ target })).error?.data.reason).toBe('invalid-params');
  // A caller has no field for it (invariant 2).
  expect((await ping({ target: '192.0.2.1', PING_TARGETS: '0.0.0.0/0' })).error?.data.reason).toBe(
    'invalid-params',
  );
});

test('/proc/PID/status of a running driver shows exactly what was granted in all five sets, and a uid that is not root’s (invariant 7, L3)', async () => {
  const before = childrenOf(daemon.pid);
  const client = await connectClient(daemon.socket);
  client.send({ jsonrpc: '2.0', id: 1, method: 'misbehave.hang', params: {} });
  const isDriver = (pid: number): boolean => /^\/node\0/.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1'));
  const driver = await vi.waitFor(
    () => {
      const launched = childrenOf(daemon.pid).filter((pid) => !before.includes(pid));
      const pid = launched.flatMap(descendantsOf).find(isDriver);
      if (pid === undefined) throw new Error('the driver has not begun');
      return pid;
    },
    { timeout: 15_000 },
  );
  const status = statusOf(driver);
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
    expect([set, status.get(set)]).toEqual([set, NET_RAW]);
  const uids = (status.get('Uid') ?? '0').split(/\s+/);
  expect([uids.length, uids.includes('0')]).toEqual([4, false]);
  expect([status.get('NoNewPrivs'), status.get('Seccomp'), status.get('Groups')]).toEqual(['1', '2', '']);
  client.close();
});
