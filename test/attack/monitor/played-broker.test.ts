import { spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../../../scripts/development-folder.ts';
import { callOnce, connectClient } from '../../support/client.ts';
import { patience } from '../../support/patience.ts';
import { type PlayedMonitor, startPlayedBroker } from '../../support/played-broker.ts';
import { statusOf } from '../../support/processes.ts';
import { rounds } from '../../support/rounds.ts';

const MEBIBYTE_IN_KIB = 1_024;
const GROWTH_KIB = 32 * MEBIBYTE_IN_KIB;

const residentKib = (pid: number): number => Number.parseInt(statusOf(pid).get('VmRSS') ?? '0', 10);

/** The monitor is the same process, its log verifies, and the next real broker serves. */
async function expectUntouched(monitor: PlayedMonitor): Promise<void> {
  const reply = await callOnce(monitor.socket, 'echo.say', { text: 'served by the next broker' });
  expect(reply.result).toEqual({ text: 'served by the next broker' });
  expect(monitor.monitor.exitCode).toBeNull();
  expect(await monitor.stop()).toBe(0);
}

async function expectEnded(attack: string): Promise<void> {
  const monitor = await startPlayedBroker(attack);
  const client = await connectClient(monitor.socket);
  await expect
    .poll(() => monitor.records().some((record) => record.event === 'broker-ended'), { timeout: 15_000 })
    .toBe(true);
  client.close();
  await expectUntouched(monitor);
}

describe('a broker played by a test is ended, and that is on record (invariant 6, O13, O14)', () => {
  test.each<[string, string]>([
    ['a frame of no length', 'control.write(Buffer.alloc(4));'],
    ['a frame that is not JSON', "control.write(encodeFrame('not json'));"],
    [
      'a frame that announces two gigabytes',
      'control.write(Buffer.from([0x7f, 0xff, 0xff, 0xff, 1, 2, 3]));',
    ],
    ['a message that is in no table', "send({ type: 'exec', path: '/bin/sh' });"],
    ['a path where a name belongs', "send(launch(session, 1, { profile: '/bin/sh' }));"],
    ['a uid beside the fields', 'send(launch(session, 1, { uid: 0 }));'],
    ['a launch for a session that never was', 'send(launch(999, 1));'],
    ['an intent for a session that never was', 'record(intent(999, 1));'],
    ['the end of a launch that never was', "send({ type: 'end-launch', launch: 12345 });"],
    ['SIGTERM to a launch that never was', "send({ type: 'terminate-launch', launch: 12345 });"],
    ['the end of a call that never began', 'record(outcome(77));'],
    ['a call number twice', 'record(intent(session, 5)); record(intent(session, 5));'],
    ['having taken what was not passed', "send({ type: 'taken', kind: 'launch', number: 4 });"],
    ['having drained unasked', "send({ type: 'drained' });"],
    ['ending a pause', "send({ type: 'resume', session });"],
    ['saying hello twice', "send({ type: 'hello', build: buildId() });"],
    ['retiring what runs', "send({ type: 'retired', generation: 1 });"],
    ['retiring what comes next', "send({ type: 'retired', generation: 2 });"],
    ['a claim with a line feed in it', 'record(intent(session, 1, { method: \'a\\n{"seq":1}\' }));'],
    ['a reason of the caller’s with a line feed in it', "record(intent(session, 1, { because: 'a\\nb' }));"],
    ['more names of params than it may tell', "record(intent(session, 1, { names: Array(33).fill('a') }));"],
    ['a refusal for a session that never was', "record(refusal(999, 'forbidden'));"],
    ['a claim that is too long', "record(intent(session, 1, { method: 'a'.repeat(129) }));"],
  ])('for %s', (_what, attack) => expectEnded(attack), 60_000);

  test('for flooding the control channel while it never reads it, and the monitor grows by less than 32 MiB', async () => {
    const monitor = await startPlayedBroker(
      "control.pause(); const frame = encodeFrame(JSON.stringify(launch(session, 1, { profile: 'nowhere' })));" +
        'const flood = Buffer.concat(Array.from({ length: 500 }, () => frame));' +
        'const more = () => { while (control.write(flood)) ; control.once("drain", more); }; more();',
    );
    const before = residentKib(monitor.pid);
    const client = await connectClient(monitor.socket);
    let most = before;
    await expect
      .poll(
        () => {
          most = Math.max(most, residentKib(monitor.pid));
          return monitor.records().some((record) => record.event === 'broker-ended');
        },
        { timeout: 20_000, interval: 20 },
      )
      .toBe(true);
    client.close();
    expect(most - before).toBeLessThan(GROWTH_KIB);
    await expectUntouched(monitor);
  }, 60_000);
});

describe('a broker played by a test is refused, and that is on record (invariant 6, O14)', () => {
  test('10,000 launches at once: every one is answered, few are started, and the refusals are counted', async () => {
    const monitor = await startPlayedBroker(
      `for (let request = 1; request <= ${rounds('launchesAtOnce')}; request += 1) send(launch(session, request));`,
    );
    const client = await connectClient(monitor.socket);
    await expect
      .poll(() => monitor.records().some((record) => record.event === 'launch-refused'), { timeout: 15_000 })
      .toBe(true);
    await wait(1_000);
    client.close();
    expect(monitor.records().filter((record) => record.event === 'launch').length).toBeLessThanOrEqual(400);
    expect(monitor.monitor.exitCode).toBeNull();
    expect(await monitor.stop()).toBe(0);
  }, 60_000);

  test('a launch for a session whose peer has gone: it cannot act in the name of somebody who left', async () => {
    const monitor = await startPlayedBroker(
      'setTimeout(() => { send(launch(session, 1)); record(intent(session, 1)); }, 5000);',
    );
    (await connectClient(monitor.socket)).close();
    await expect
      .poll(() => monitor.records().some((record) => record.event === 'launch-refused'), { timeout: 15_000 })
      .toBe(true);
    expect(
      monitor.records().some((record) => record.event === 'launch' || record.event === 'call-start'),
    ).toBe(false);
    expect(await monitor.stop()).toBe(0);
  }, 60_000);

  test('JSON text in a claim stays a claim: no fact is forged by it', async () => {
    const forged = 'x\\",\\"facts\\":{\\"uid\\":0},\\"claims\\":{\\"y\\":\\"';
    const monitor = await startPlayedBroker(`record(intent(session, 1, { method: "${forged}" }));`);
    const client = await connectClient(monitor.socket);
    await expect
      .poll(() => monitor.records().some((record) => record.event === 'call-start'), { timeout: 15_000 })
      .toBe(true);
    const record = monitor.records().find((one) => one.event === 'call-start');
    expect(record?.claims['method']).toBe('x","facts":{"uid":0},"claims":{"y":"');
    expect(record?.facts['uid']).toBe(process.geteuid?.());
    client.close();
    expect(await verifyWhileRunning(monitor)).toBe(0);
    expect(await monitor.stop()).toBe(0);
  }, 60_000);

  test('handing its control end to a caller before it dies: its own filter refuses sendmsg, and the next broker serves', async () => {
    const monitor = await startPlayedBroker(
      "try { sendDescriptors(descriptor, 'take this', [4]); writeSync(descriptor, 'passed\\n'); }" +
        "catch (error) { writeSync(descriptor, error.code + '\\n'); } process.exit(3);",
    );
    const client = await connectClient(monitor.socket);
    const said = await new Promise<string>((resolve) =>
      client.socket.on('data', (chunk) => resolve(chunk.toString())),
    );
    expect(said).toBe('EPERM\n');
    client.close();
    await expectUntouched(monitor);
  }, 60_000);
});

describe('a launch', () => {
  test('is refused by the monitor itself while driverd is paused', async () => {
    const monitor = await startPlayedBroker(
      "send({ type: 'pause', session }); record(intent(session, 1)); send(launch(session, 1));",
    );
    const client = await connectClient(monitor.socket);
    const reasonOf = (): unknown =>
      monitor.records().find((record) => record.event === 'launch-refused')?.facts['reason'];
    await expect.poll(reasonOf, { timeout: 15_000 }).toBe('paused');
    client.close();
    expect(await monitor.stop()).toBe(0);
  }, 60_000);

  test('without an intent keeps its gate shut and is refused, on record (invariant 11)', async () => {
    const monitor = await startPlayedBroker('send(launch(session, 1));');
    const client = await connectClient(monitor.socket);
    const reasonOf = (): unknown =>
      monitor.records().find((record) => record.event === 'launch-refused')?.facts['reason'];
    await expect.poll(reasonOf, { timeout: 15_000 }).toBe('no-intent');
    const ended = monitor.records().find((record) => record.event === 'launch-end');
    expect(ended?.facts['status']).not.toBe(0);
    client.close();
    expect(await monitor.stop()).toBe(0);
  }, 60_000);

  test('cannot be charged to the call of another session', async () => {
    const monitor = await startPlayedBroker(
      'setTimeout(() => { record(intent(session + 1, 1)); send(launch(session, 1)); }, 500);',
    );
    const clients = [await connectClient(monitor.socket), await connectClient(monitor.socket)];
    await expect
      .poll(() => monitor.records().some((record) => record.event === 'launch-refused'), { timeout: 15_000 })
      .toBe(true);
    for (const client of clients) client.close();
    expect(await monitor.stop()).toBe(0);
  }, 60_000);

  test('under a configuration that never was has no intent', async () => {
    const monitor = await startPlayedBroker(
      'record(intent(session, 1, { generation: 7 })); send(launch(session, 1, { generation: 7 }));',
    );
    const client = await connectClient(monitor.socket);
    await expect
      .poll(() => monitor.records().some((record) => record.event === 'launch-refused'), { timeout: 15_000 })
      .toBe(true);
    expect(monitor.records().some((record) => record.event === 'call-start')).toBe(false);
    client.close();
    expect(await monitor.stop()).toBe(0);
  }, 60_000);
});

test('a broker that takes no connection, closes one that waits and then takes the rest gets no descriptor that was opened since', async () => {
  const CLIENTS = 80;
  const CLOSED = 75;
  // At most 64 are untaken: the 75th still waits in the monitor when it is closed.
  const monitor = await startPlayedBroker(`
    setTimeout(() => {
      send({ type: 'close-session', session: ${CLOSED} });
      setTimeout(() => {
        const words = [];
        const take = setInterval(() => {
          const received = receiveDescriptors(6);
          if (received === null) return;
          words.push(received.words);
          const [kind, number] = received.words.split(' ');
          send({ type: 'taken', kind, number: Number(number) });
          if (number === '${CLIENTS}') { clearInterval(take); writeSync(descriptor, words.join(',') + '\\n'); }
        }, 1);
      }, 1000);
    }, 3000);`);
  const first = await connectClient(monitor.socket);
  const said = new Promise<string>((resolve) => {
    let text = '';
    first.socket.on('data', (chunk) => {
      text += chunk.toString();
      if (text.endsWith('\n')) resolve(text);
    });
  });
  const others: Awaited<ReturnType<typeof connectClient>>[] = [];
  for (let count = 1; count < CLIENTS; count += 1) others.push(await connectClient(monitor.socket));
  const words = (await said).trim().split(',');
  expect(words).not.toContain(`session ${CLOSED}`);
  expect(words).toHaveLength(CLIENTS - 2);
  for (const client of [first, ...others]) client.close();
  expect(await monitor.stop()).toBe(0);
}, 60_000);

test('what a broker lies about shows where no fact bears it out: audit verify --claims names the records (invariant 6)', async () => {
  const monitor = await startPlayedBroker(
    // A call that nobody ran, and one whose outcome comes while its driver still waits for it.
    'record(intent(session, 1)); record({ ...outcome(1), handed: true, bytesOut: 5 });' +
      "record(intent(session, 2, { method: 'catter.copy' })); send(launch(session, 2, { profile: 'catter' }));" +
      'setTimeout(() => record({ ...outcome(2), handed: true }), 3000);',
  );
  const client = await connectClient(monitor.socket);
  const ends = () => monitor.records().filter(({ event }) => event === 'call-end').length;
  await expect.poll(ends, { timeout: 15_000 * patience }).toBe(2);
  client.close();
  const program = join(ROOT, 'dist/driverctl/main.js');
  const words = ['audit', 'verify', '--claims', '--json', '--log', monitor.log, '--state', monitor.state];
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], { encoding: 'utf8' });
  const { ok, claims } = JSON.parse(stdout);
  // The log itself is whole: what stands in it is what the broker said.
  expect([status, ok, claims.checked]).toEqual([9, true, 2]);
  expect(claims.findings.map(({ what }: { what: string }) => what)).toEqual([
    'hand-over-without-launch',
    'outcome-before-end',
  ]);
  expect(stderr).toContain('2 have no fact');
  monitor.monitor.kill('SIGTERM');
  await monitor.stop();
}, 60_000);

test('what a broker says of a configuration is a claim, never a fact (invariant 6)', async () => {
  const monitor = await startPlayedBroker("refuseWith = 'the admin allowed it';");
  const client = await connectClient(monitor.socket);
  await wait(500);
  monitor.monitor.kill('SIGHUP');
  const refused = (): unknown => monitor.records().find((record) => record.event === 'reload-refused');
  await expect.poll(refused, { timeout: 15_000 }).toMatchObject({
    facts: { reason: 'the broker did not accept it' },
    claims: { said: 'the admin allowed it' },
  });
  client.close();
  expect(await monitor.stop()).toBe(0);
}, 60_000);

describe('a broker of another build', () => {
  test('never serves: the daemon does not start with it', async () => {
    await expect(startPlayedBroker('', "'0'.repeat(64)")).rejects.toThrow('it is of another build');
  }, 60_000);

  test('ends the monitor for a clean restart where the files have changed', async () => {
    const monitor = await startPlayedBroker('process.exit(1);');
    // An upgrade under the running monitor: the next broker reads the new files.
    appendFileSync(join(monitor.installation, 'dist/boundary/build.js'), '\n');
    const client = await connectClient(monitor.socket);
    const code = await new Promise((resolve) => monitor.monitor.on('exit', resolve));
    expect(code).toBe(1);
    expect(readFileSync(monitor.log, 'utf8')).toContain('daemon-stop');
    client.close();
  }, 60_000);
});

async function verifyWhileRunning(monitor: PlayedMonitor): Promise<number | null> {
  await wait(200);
  const args = [
    join(ROOT, 'dist/driverctl/main.js'),
    'audit',
    'verify',
    '--log',
    monitor.log,
    '--state',
    monitor.state,
  ];
  return spawnSync(process.execPath, args).status;
}
