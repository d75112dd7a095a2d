import { describe, expect, test } from 'vitest';
import { callOnce, connectClient } from '../../support/client.ts';
import type { AuditRecord } from '../../support/daemon.ts';
import { patience } from '../../support/patience.ts';
import { type PlayedMonitor, startPlayedBroker } from '../../support/played-broker.ts';

const SOON = { timeout: 15_000 * patience };
const PROFILES = {
  echo: 'version: 1\n',
  pooled: 'version: 1\ndriver: echo\nprestart: 2\n',
  other: 'version: 1\ndriver: echo\nprestart: 1\n',
  copy: 'version: 1\ndriver: catter\nprestart: 1\n',
  shared: 'version: 1\nmode: persistent\n',
};

/** What all attacks here begin with. */
const PRELUDE = `
const heardOf = (type, count) => new Promise((resolve) => {
  const timer = setInterval(() => {
    const found = heard.filter((message) => message.type === type);
    if (found.length < count) return;
    clearInterval(timer);
    resolve(found);
  }, 5);
});
const prestart = (request, profile) => send({ type: 'prestart', request, profile, generation: 1 });
const use = (call, launch, method = 'pooled.say') => record(intent(session, call, { launch, method }));
`;

async function play(attack: string): Promise<PlayedMonitor> {
  const monitor = await startPlayedBroker(`${PRELUDE}\n${attack}`, 'buildId()', PROFILES);
  (await connectClient(monitor.socket)).socket.unref();
  return monitor;
}
const of = (monitor: PlayedMonitor, event: string): AuditRecord[] =>
  monitor.records().filter((record) => record.event === event);

async function expectUntouched(monitor: PlayedMonitor): Promise<void> {
  const reply = await callOnce(monitor.socket, 'pooled.say', { text: 'served by the next broker' });
  expect(reply.result).toEqual({ text: 'served by the next broker' });
  expect(monitor.monitor.exitCode).toBeNull();
  expect(await monitor.stop()).toBe(0);
}

async function expectEnded(attack: string, why: RegExp): Promise<void> {
  const monitor = await play(attack);
  await expect.poll(() => of(monitor, 'broker-ended').length, SOON).toBeGreaterThan(0);
  expect(of(monitor, 'broker-ended')[0]?.facts['reason']).toMatch(why);
  await expectUntouched(monitor);
}

describe('a broker that an attacker owns (invariant 6)', () => {
  test('cannot use a launch twice', async () => {
    await expectEnded(
      `prestart(1, 'copy');
       const [{ launch: number }] = await heardOf('prestarted', 1);
       use(1, number, 'copy.copy'); use(2, number, 'copy.copy');`,
      /serves another call/,
    );
  });

  test('cannot use a launch for the call of another profile', async () => {
    await expectEnded(
      `prestart(1, 'other');
       const [{ launch: number }] = await heardOf('prestarted', 1);
       use(1, number, 'pooled.say');`,
      /is of another profile/,
    );
  });

  test('cannot use a launch for what is built in, nor one that never was', async () => {
    await expectEnded(
      `prestart(1, 'pooled');
       const [{ launch: number }] = await heardOf('prestarted', 1);
       use(1, number, 'rpc.status');`,
      /is of another profile/,
    );
    await expectEnded('use(1, 4711);', /never was/);
  });

  test('gets no descriptor, no secret and no open gate of a launch before an intent names it (invariant 11)', async () => {
    const monitor = await play(
      `prestart(1, 'pooled'); prestart(2, 'copy');
       const ready = (await heardOf('prestarted', 2)).sort((one, other) => one.request - other.request);
       const stolen = receiveDescriptors(6);
       const words = JSON.stringify(Object.keys(ready[0]).sort());
       if (stolen !== null || words !== '["launch","request","type"]') record({ type: 'evil' });
       setTimeout(() => use(1, ready[0].launch), 300);
       await heardOf('launched', 1);
       send({ type: 'taken', kind: 'launch', number: ready[0].launch });
       setTimeout(() => process.exit(0), 300);`,
    );
    await expect.poll(() => of(monitor, 'broker-ended').length, SOON).toBeGreaterThan(0);
    // Its own exit: nothing that it did was against the table.
    expect(of(monitor, 'broker-ended')[0]?.facts['reason']).not.toMatch(/evil|table/);
    const [intent] = of(monitor, 'call-start');
    const used = of(monitor, 'launch').find(({ facts }) => facts['launch'] === intent?.facts['launch']);
    expect(used?.facts).toMatchObject({ for: 'pool', profile: 'pooled' });
    const shut = of(monitor, 'launch').find(({ facts }) => facts['profile'] === 'copy');
    const endOf = (): AuditRecord | undefined =>
      of(monitor, 'launch-end').find(({ facts }) => facts['launch'] === shut?.facts['launch']);
    await expect
      .poll(() => endOf()?.facts, SOON)
      .toMatchObject({ opened: false, ran_us: null, end: 'broker-ended' });
    await expectUntouched(monitor);
  });

  test('has no more of them than the profile says, and none of a profile without a pool (invariant 2)', async () => {
    const monitor = await play(
      `for (let request = 1; request <= 12; request += 1) prestart(request, 'pooled');
       prestart(20, 'echo'); prestart(21, 'nothing');
       await heardOf('launch-refused', 12);
       await heardOf('prestarted', 2);
       setTimeout(() => process.exit(0), 200);`,
    );
    await expect.poll(() => of(monitor, 'broker-ended').length, SOON).toBeGreaterThan(0);
    const [ended] = of(monitor, 'broker-ended');
    const before = of(monitor, 'launch').filter(({ seq }) => seq < (ended?.seq ?? 0));
    expect(before).toHaveLength(2);
    const reasons = of(monitor, 'launch-refused').map(({ facts }) => facts['reason']);
    expect(reasons.filter((reason) => reason === 'pool-full')).toHaveLength(10);
    expect(reasons).toEqual(expect.arrayContaining(['not-pooled', 'unknown-profile']));
    await expectUntouched(monitor);
  });

  test('that uses a launch which has ended is told so, and no intent stands', async () => {
    const monitor = await play(
      `prestart(1, 'pooled');
       const [{ launch: number }] = await heardOf('prestarted', 1);
       send({ type: 'end-launch', launch: number });
       await heardOf('launch-ended', 1);
       use(1, number);
       setTimeout(() => process.exit(0), 300);`,
    );
    await expect.poll(() => of(monitor, 'broker-ended').length, SOON).toBeGreaterThan(0);
    expect(of(monitor, 'call-start')).toEqual([]);
    await expectUntouched(monitor);
  });

  test('has no more persistent drivers than the profile says, and what it does in nobody’s name stands as a launch without an intent', async () => {
    const monitor = await play(
      `prestart(1, 'shared'); prestart(2, 'shared'); prestart(3, 'shared');
       await heardOf('launch-refused', 2);
       await heardOf('launched', 1);
       setTimeout(() => process.exit(0), 200);`,
    );
    await expect.poll(() => of(monitor, 'broker-ended').length, SOON).toBeGreaterThan(0);
    const [ended] = of(monitor, 'broker-ended');
    const before = of(monitor, 'launch').filter(({ seq }) => seq < (ended?.seq ?? 0));
    expect(before.map(({ facts }) => [facts['for'], facts['session']])).toEqual([['persistent', null]]);
    expect(of(monitor, 'call-start')).toEqual([]);
    await expectUntouched(monitor);
  });

  test('cannot use a persistent driver for the call of another profile', async () => {
    await expectEnded(
      `prestart(1, 'shared');
       const [{ launch: number }] = await heardOf('launched', 1);
       use(1, number, 'pooled.say');`,
      /is of another profile/,
    );
  });
});
