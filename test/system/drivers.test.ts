import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { childrenOf } from '../../src/monitor/launch/process-status.ts';
import { callOnce, connectClient } from '../support/client.ts';
import { startTestDaemon, TEST_PROFILES, type TestDaemon } from '../support/daemon.ts';
import { descendantsOf, openDescriptors } from '../support/processes.ts';

const CAP = 20_000;
const SECRET = 'tr0ub4dor-and-3-more-words';
let folder: string;
let daemon: TestDaemon;
let broker: number;

/** A command driver made for a test: its script, and a method `run` without params. */
function makeDriver(name: string, script: string, mode = 0o755): void {
  const place = join(folder, 'drivers', name);
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'script'), script);
  chmodSync(join(place, 'script'), mode);
  writeFileSync(
    join(place, 'driver.yaml'),
    `version: 1\nname: ${name}\nkind: command\nprogram: { executable: script }\nmethods:\n  run:\n    params: { type: object, additionalProperties: false }\n    result: { type: object, required: [exit_status, stdout], properties: { exit_status: { type: integer }, stdout: { type: string } } }\n`,
  );
}

const CUT_SECRET = 'hunter2-hunter2-hunter2';
beforeAll(async () => {
  process.umask(0o022);
  folder = mkdtempSync(join(tmpdir(), 'driverd-test-'));
  chmodSync(folder, 0o755);
  makeDriver('standard', '#!/bin/sh\necho "to $PATH" > /dev/stdout\necho oops > /dev/stderr\ncat\n');
  makeDriver('closed', '#!/no/such/interpreter\n');
  makeDriver('forbidden', '#!/bin/sh\necho never\n', 0o644);
  for (const length of [CAP - 1, CAP, CAP + 1]) {
    makeDriver(`prints-${length}`, `#!/bin/sh\nhead -c ${length} /dev/zero | tr '\\0' x\n`);
  }
  makeDriver('early', '#!/bin/sh\nexec <&-\necho done\n');
  writeFileSync(join(folder, 'token'), `${SECRET}\n`, { mode: 0o600 });
  writeFileSync(join(folder, 'cut-token'), CUT_SECRET, { mode: 0o600 });
  const capped = `version: 1\nlimits: { output_bytes: ${CAP} }\n`;
  daemon = await startTestDaemon({
    folder,
    profiles: {
      ...TEST_PROFILES,
      ...Object.fromEntries([CAP - 1, CAP, CAP + 1].map((length) => [`prints-${length}`, capped])),
      ...{
        standard: 'version: 1\n',
        closed: 'version: 1\n',
        forbidden: 'version: 1\n',
        early: 'version: 1\n',
      },
      catter: 'version: 1\nlimits: { output_bytes: 200000 }\n',
      cutter: `version: 1\ndriver: catter\non_output_limit: truncate\nlimits: { output_bytes: 1024 }\nsecrets: [{ name: token, file: ${join(folder, 'cut-token')} }]\n`,
      keeper: [
        'version: 1\ndriver: attempt\nsecrets:',
        `  - { name: token, file: ${join(folder, 'token')} }`,
        `  - { name: as-descriptor, file: ${join(folder, 'token')}, as: descriptor, variable: TOKEN_FD }`,
        `  - { name: as-variable, file: ${join(folder, 'token')}, as: environment, variable: TOKEN }`,
        '',
      ].join('\n'),
      misbehave: `version: 1\nlimits: { wall_ms: 20000, output_bytes: 200000 }\nsecrets: [{ name: token, file: ${JSON.stringify(join(folder, 'token'))} }]\n`,
    },
    settings: 'limits: { in_flight_per_identity: 4, queue_ms: 0 }\nlog_level: debug',
  });
  broker = childrenOf(daemon.pid).flatMap(descendantsOf).at(-1) ?? -1;
});
afterAll(() => daemon.stop());
const call = (method: string, params: unknown = {}) => callOnce(daemon.socket, method, params);

describe('the streams of a driver', () => {
  test('a script opens /dev/stdout and /dev/stderr by name, sees a fixed PATH, and reads its stdin to an end (D10, D11, L12)', async () => {
    const reply = await call('standard.run');
    expect(reply.result).toEqual({ exit_status: 0, stdout: 'to /usr/bin:/bin\n' });
  });

  test('a driver that closes stdin before it is written to is heard all the same (D1)', async () => {
    expect((await call('early.run')).result.stdout).toBe('done\n');
  });

  test('output one under and exactly at the limit passes, one over does not (D14, R6)', async () => {
    expect((await call(`prints-${CAP - 1}.run`)).result.stdout).toHaveLength(CAP - 1);
    expect((await call(`prints-${CAP}.run`)).result.stdout).toHaveLength(CAP);
    expect((await call(`prints-${CAP + 1}.run`)).error?.data.reason).toBe('output-limit');
  });

  test('a newline and a forged reply on stdout stay inside one result or are refused, and no second reply is sent (D4)', async () => {
    const client = await connectClient(daemon.socket);
    const reply = await client.call('misbehave.forged');
    expect(reply.error?.data.reason).toBe('driver-bad-output');
    expect((await client.call('rpc.discover')).error).toBeUndefined();
    client.close();
  });
});

test.each(['closed', 'forbidden'])(
  'a program that cannot be executed (%s) is an error and a record, and the daemon lives (L15)',
  async (name) => {
    const reply = await call(`${name}.run`);
    expect(reply.error?.data.reason).toBe('driver-failed');
    expect((await call('echo.say', { text: 'alive' })).result).toEqual({ text: 'alive' });
  },
);

test('calls beyond the limit of one identity are refused at once, the others are served (R1)', async () => {
  const clients = await Promise.all(Array.from({ length: 8 }, () => connectClient(daemon.socket)));
  const replies = await Promise.all(clients.map((client) => client.call('misbehave.slow', { ms: 400 })));
  const reasons = replies.map((reply) => reply.error?.data.reason ?? 'ok');
  expect(reasons.filter((reason) => reason === 'ok').length).toBeGreaterThanOrEqual(4);
  expect(reasons.filter((reason) => reason === 'overloaded').length).toBeGreaterThan(0);
  for (const client of clients) client.close();
});

test('timeout, exit and a caller that leaves at the same moment make one outcome (D13)', async () => {
  for (const delay of [90, 100, 110]) {
    const client = await connectClient(daemon.socket);
    client.send({
      jsonrpc: '2.0',
      id: 1,
      method: 'misbehave.slow',
      params: { ms: 100, _meta: { timeoutMs: 100 } },
    });
    await wait(delay);
    client.close();
  }
  await wait(1_000);
  const starts = daemon.records().filter((record) => record.event === 'call-start');
  const ends = daemon.records().filter((record) => record.event === 'call-end');
  const numbers = ends.map((record) => record.claims['call']);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(ends.length).toBe(starts.length);
});

test('a secret that a driver was given is found nowhere: not in reply, stderr, progress, operational log or audit log (invariant 10, C9, D6)', async () => {
  const client = await connectClient(daemon.socket);
  const reply = await client.call('misbehave.secret', { _meta: { progressToken: 1, reply: true } });
  expect(reply.error).toBeUndefined();
  const everything =
    JSON.stringify([reply, client.notifications]) + daemon.stderr() + readFileSync(daemon.log, 'utf8');
  expect(everything).not.toContain(SECRET);
  expect(everything).not.toMatch(/AKIA[A-Z2-7]{16}/);
  expect(JSON.stringify(reply.result)).toContain('[REDACTED:token]');
  client.close();
});

test('output beyond the limit is dropped where the profile says so, what is dropped is stated, and no half of a secret passes (invariant 10)', async () => {
  const secret = CUT_SECRET;
  // The limit falls into the secret: its first half must not pass as what was cut off.
  const text = `${'x'.repeat(1014)}${secret}${'y'.repeat(3000)}`;
  const reply = await call('cutter.copy', { text });
  expect(reply.error).toBeUndefined();
  const { stdout } = reply.result;
  expect(stdout).not.toContain('hunter2');
  expect('x'.repeat(1014).startsWith(stdout)).toBe(true);
  expect(reply._meta).toEqual({ dropped_bytes: text.length - stdout.length });
  const failing = await call('catter.copy', { text: 'z'.repeat(300_000) });
  expect(failing.error?.data.reason).toBe('output-limit');
  const ends = daemon.records().filter((record) => record.event === 'call-end');
  expect(ends.at(-2)?.claims['bytes_dropped']).toBe(text.length - stdout.length);
});

test('secrets come as a file, an open descriptor or a variable, and are scrubbed whichever way (C9)', async () => {
  const value = readFileSync(join(folder, 'token'), 'utf8').trim();
  const got = async (words: string[]): Promise<string> => {
    const reply = await call('keeper.run', { words });
    return JSON.stringify(reply.error ?? reply.result.stdout);
  };
  for (const words of [
    ['read', '/run/secrets/token'],
    ['read_descriptor', 'TOKEN_FD'],
    ['environment', 'TOKEN'],
  ]) {
    const text = await got(words);
    expect(text).not.toContain(value);
    expect(text).toContain('[REDACTED');
  }
  expect(await got(['descriptors'])).toContain('4');
  const held =
    readFileSync(`/proc/${daemon.pid}/environ`, 'latin1') +
    readFileSync(`/proc/${daemon.pid}/cmdline`, 'latin1');
  expect(held).not.toContain(value);
});

test('a secret that is missing refuses the call, and nothing is started', async () => {
  const path = join(folder, 'token');
  rmSync(path);
  expect((await call('misbehave.slow', { ms: 1 })).error?.data.reason).toBe('launch-refused');
  writeFileSync(path, `${SECRET}\n`, { mode: 0o600 });
  expect((await call('misbehave.slow', { ms: 1 })).error).toBeUndefined();
});

test('params are in no log, plain or hashed without the key (invariant 13, C10)', async () => {
  const params = { text: 'a-very-special-parameter' };
  await call('echo.say', params);
  const log = readFileSync(daemon.log, 'utf8') + daemon.stderr();
  expect(log).not.toContain(params.text);
  expect(log).not.toContain(createHash('sha256').update(JSON.stringify(params)).digest('hex'));
});

test('callers who leave before their driver has begun leave no descriptor behind (R11)', async () => {
  await call('echo.say', { text: 'warm' });
  const inFlight = async (): Promise<number> => (await call('rpc.status')).result.calls_in_flight;
  await expect.poll(inFlight, { timeout: 20_000 }).toBe(1);
  const before = openDescriptors(broker);
  for (let count = 0; count < 20; count += 1) {
    const client = await connectClient(daemon.socket);
    client.send({ jsonrpc: '2.0', id: 1, method: 'echo.say', params: { text: 'x' } });
    await wait(count);
    client.close();
    await expect.poll(inFlight, { timeout: 20_000 }).toBe(1);
  }
  await expect.poll(() => openDescriptors(broker), { timeout: 5_000 }).toBeLessThanOrEqual(before + 1);
});

test('good and bad calls leave no descriptor behind in monitor and broker (R11)', async () => {
  await Promise.all([call('echo.say', { text: 'warm' }), call('misbehave.exit7')]);
  await wait(500);
  const before = [openDescriptors(daemon.pid), openDescriptors(broker)];
  for (let count = 0; count < 20; count += 1) {
    await Promise.all([
      call('echo.say', { text: 'x' }),
      call('misbehave.exit7'),
      call('echo.say', {}),
      call('nowhere.x'),
    ]);
  }
  await wait(2_500);
  const after = [openDescriptors(daemon.pid), openDescriptors(broker)];
  expect(after[0]).toBeLessThanOrEqual((before[0] ?? 0) + 1);
  expect(after[1]).toBeLessThanOrEqual((before[1] ?? 0) + 1);
});
