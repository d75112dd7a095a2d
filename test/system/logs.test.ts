import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { permitAll, ROOT } from '../../scripts/development-folder.ts';
import { callOnce, connectClient, type Message } from '../support/client.ts';
import { startTestDaemon, TEST_PROFILES, type TestDaemon } from '../support/daemon.ts';

const TOKEN = 'tr0ub4dor-and-3-more-words';
const PEM = ['first-line-of-a-key-0123', 'second-line-of-a-key-4567', 'third-line-of-a-key-89ab', ''].join(
  '\n',
);
const uid = process.geteuid?.() ?? 0;
let daemon: TestDaemon;

beforeAll(async () => {
  process.umask(0o022);
  const folder = mkdtempSync(join(tmpdir(), 'driverd-test-'));
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, 'token'), `${TOKEN}\n`, { mode: 0o600 });
  writeFileSync(join(folder, 'pem'), PEM, { mode: 0o600 });
  const secrets = `secrets: [{ name: token, file: ${folder}/token }, { name: pem, file: ${folder}/pem }]\n`;
  daemon = await startTestDaemon({
    folder,
    profiles: {
      ...TEST_PROFILES,
      talker: `version: 1\n${secrets}`,
      private: 'version: 1\ndriver: talker\nlogs: memory\n',
      mute: 'version: 1\ndriver: talker\nlogs: none\n',
    },
    settings: 'log_level: debug\nlimits: { driver_log_bytes_per_minute: 1048576 }',
  });
});
afterAll(() => daemon.stop());

const call = (method: string, params: unknown = {}): Promise<Message> =>
  callOnce(daemon.socket, method, params);
const logsOf = async (driver: string, more: object = {}): Promise<Message['result']> =>
  (await call('rpc.logs', { driver, lines: 100_000, ...more })).result;

const inFlight = async (): Promise<number> => (await call('rpc.status')).result.calls_in_flight;

/** Calls, and gives what stands of that call in the ring and in the operational log. */
async function heard(method: string, params: object = {}) {
  const reply = await call(method, { ...params, _meta: { reply: true } });
  expect(reply.error).toBeUndefined();
  const request = reply._meta?.['request_id'];
  const { lines } = await logsOf(method.slice(0, method.indexOf('.')));
  return {
    ring: lines.filter((line: { request: string }) => line.request === request),
    journal: operational().filter((line) => line['request'] === request && line['driver'] !== undefined),
  };
}

/** The operational log, each line of which is one JSON object. */
function operational(): Record<string, unknown>[] {
  return daemon
    .stderr()
    .split('\n')
    .filter(Boolean)
    .map((line): Record<string, unknown> => JSON.parse(line));
}

describe('what a driver says', () => {
  test('stands in its ring and in the operational log, with driver, launch, request, source and level', async () => {
    const { ring, journal } = await heard('talker.messages');
    const levels = ['debug', 'info', 'warn', 'error'];
    const [{ launch, time }] = ring;
    expect(Date.parse(time)).toBeLessThanOrEqual(Date.now());
    expect(ring.map((line: object) => ({ ...line, time: '' }))).toEqual(
      levels.map((level) => ({
        ...{ time: '', launch, request: ring[0].request, source: 'log', level },
        text: `a message of level ${level}`,
      })),
    );
    expect(journal).toMatchObject(
      levels.map((level, at) => ({
        ...{ name: 'broker', level: 20 + 10 * at, driver: 'talker', launch, source: 'log' },
        ...{ text: `a message of level ${level}`, msg: 'a driver said' },
      })),
    );
    const launches = daemon.records().filter(({ event }) => event === 'launch');
    expect(launches.map(({ facts }) => facts['launch'])).toContain(launch);
    const { ring: lines } = await heard('talker.lines', { count: 3 });
    expect(lines.map(({ text, source }: Record<string, string>) => [source, text])).toEqual(
      [0, 1, 2].map((at) => ['stderr', `line ${at}`]),
    );
  });

  test('is cut, escaped and kept in order where it is binary, acts on a terminal, or never ends (D6)', async () => {
    const { ring, journal } = await heard('talker.hostile');
    const texts: string[] = ring.map(({ text }: { text: string }) => text);
    expect(texts[0]).toBe('bin\ufffd\ufffd\\x00\ufffd');
    expect(texts[1]).toBe('\\x1b]0;title\\x07 \\x9b31m \\u{202e} \\u{2028} "quoted" \\ {"forged":1}');
    expect(texts.slice(2).join('')).toBe('ä'.repeat(10_000));
    for (const text of texts) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4_096);
    expect(ring.map(({ more = false }: { more?: boolean }) => more).slice(2, -1)).not.toContain(false);
    expect(journal.map(({ text }) => text)).toEqual(texts);
    expect(daemon.stderr().replaceAll('\n', '')).not.toMatch(/\p{Cc}|\p{Cf}|\u2028/u);
  });

  test('holds no secret, in whatever pieces and lines it comes, in no log at all (invariant 10, C9, D6)', async () => {
    const { ring, journal } = await heard('talker.secrets');
    expect(ring.length).toBeGreaterThan(5);
    expect(journal.length).toBe(ring.length);
    const everything =
      JSON.stringify(await logsOf('talker')) + daemon.stderr() + readFileSync(daemon.log, 'utf8');
    const base64 = Buffer.from(TOKEN).toString('base64').slice(0, -4);
    for (const secret of [TOKEN, base64, ...PEM.split('\n').filter(Boolean)])
      expect(everything).not.toContain(secret);
    const marks = JSON.stringify(ring).match(/\[REDACTED:(?:token|pem)\]/g) ?? [];
    expect(marks.length).toBeGreaterThan(5);
  });

  test('stays in memory, or is kept nowhere, where its profile says so', async () => {
    const memory = await heard('private.lines', { count: 2 });
    expect([memory.ring.length, memory.journal]).toEqual([2, []]);
    const none = await heard('mute.lines', { count: 2 });
    expect([none.ring, none.journal]).toEqual([[], []]);
  });

  test('is there as soon as a line has ended, while its driver runs, for who waits for it', async () => {
    const { cursor } = await logsOf('talker');
    const client = await connectClient(daemon.socket);
    const waiting = logsOf('talker', { after: cursor, wait_ms: 20_000 });
    client.send({ jsonrpc: '2.0', id: 1, method: 'talker.patient', params: {} });
    expect((await waiting).lines).toMatchObject([{ text: 'waiting for something', source: 'stderr' }]);
    // The call of the driver, and this one.
    expect(await inFlight()).toBe(2);
    client.close();
  });
});

describe('no level of the operational log', () => {
  test('holds params, results or secrets, of calls that pass, fail, are refused, or are no calls (invariants 10 and 13, C10)', async () => {
    const mark = (what: string): string => `marked-${what}-q8z3`;
    const text = mark('param');
    const answered = [
      await call('talker.silent', { text }),
      await call('catter.copy', { text }),
      await call('arguments.show', { words: [text] }),
      await call('arguments.variable', { text }),
    ];
    for (const { result } of answered) expect(JSON.stringify(result)).toContain(text);
    expect((await call('talker.echo', { answer: mark('answer'), text: 'plain' })).error).toBeUndefined();
    const refused = [
      await call('echo.say', { text, [text]: text }),
      await call('echo.say', [text, text]),
      await call('misbehave.slow', { ms: text }),
      await call(`${text}.${text}`, { text }),
      await call('rpc.logs', { driver: text }),
      await call('rpc.status', { text }),
      await call('talker.patient', { text, _meta: { timeoutMs: 200 } }),
      await call('misbehave.badresult', { _meta: { progressToken: text } }),
      await call('misbehave.hang', { _meta: { timeoutMs: 200, progressToken: text, [text]: text } }),
    ];
    for (const { error } of refused) expect(error).toBeDefined();
    const client = await connectClient(daemon.socket);
    for (const line of [`{"${text}":`, `"${text}"`, `[{"${text}":1}]`, `${text}`]) {
      client.send(line);
      await client.next();
    }
    client.send({
      jsonrpc: '2.0',
      id: text,
      method: 'misbehave.hang',
      params: { _meta: { timeoutMs: 60_000 } },
    });
    client.close();
    await call('talker.secrets', { _meta: { progressToken: text } });

    const drivers = ['talker', 'private', 'mute', ...Object.keys(TEST_PROFILES)];
    const rings = await Promise.all(drivers.map((driver) => logsOf(driver)));
    const everything = daemon.stderr() + JSON.stringify(rings);
    for (const hidden of ['q8z3', TOKEN]) expect(everything).not.toContain(hidden);
    expect(everything).not.toContain(Buffer.from(text).toString('base64').slice(0, -4));
    // What a driver prints of a param that is marked as secret is hidden; of the others it is the driver's own to know.
    const echoed = rings[0].lines.filter(({ text: said }: { text: string }) => said.includes('answer'));
    expect(echoed.map(({ text: said }: { text: string }) => said)).toEqual([
      'called with {"answer":"[REDACTED:secret-param]","text":"plain"}',
      'the answer is [REDACTED:secret-param]',
    ]);
    expect(operational().some(({ level }) => level === 20)).toBe(true);
  });

  test('is another one than log_level says, in monitor and broker, from a reload on', async () => {
    const settings = join(daemon.folder, 'driverd.yaml');
    const before = readFileSync(settings, 'utf8');
    const told = (): string[] => operational().map(({ msg, text }) => String(text ?? msg));
    async function reload(level: string): Promise<void> {
      const { generation } = (await call('rpc.status')).result;
      writeFileSync(settings, before.replace('log_level: debug', `log_level: ${level}`));
      daemon.monitor.kill('SIGHUP');
      await expect
        .poll(async () => (await call('rpc.status')).result.generation, { timeout: 10_000 })
        .toBe(generation + 1);
      await expect
        .poll(() =>
          daemon
            .records()
            .some(({ event, facts }) => event === 'reload' && facts['generation'] === generation + 1),
        )
        .toBe(true);
    }
    await reload('error');
    const atError = told().length;
    const { ring, journal } = await heard('talker.messages');
    expect(ring).toHaveLength(4);
    expect(journal.map(({ text }) => text)).toEqual(['a message of level error']);
    // Nor has the monitor told of that reload.
    expect(told().slice(atError)).toEqual(['a message of level error']);
    await reload('debug');
    expect(told()).toContain('the configuration was reloaded');
    expect((await heard('talker.messages')).journal).toHaveLength(4);
  });
});

describe('who may read what a driver said', () => {
  test('is for the policy to say, by driver too: one that is not permitted and one that is not there look the same (J21, Z11)', async () => {
    const restricted = await startTestDaemon({
      profiles: { ...TEST_PROFILES, talker: 'version: 1\n' },
      policy: [
        `permit(principal == Uid::"${uid}", action in Action::"call", resource);`,
        `permit(principal == Uid::"${uid}", action == Action::"rpc.logs", resource) when { context.params.driver == "talker" };\n`,
      ].join('\n'),
    });
    const ask = (driver: string) => callOnce(restricted.socket, 'rpc.logs', { driver });
    expect((await ask('talker')).result).toMatchObject({ driver: 'talker', lines: [], missed: 0 });
    const [there, notThere] = [await ask('echo'), await ask('nowhere')];
    for (const { error } of [there, notThere])
      expect({ ...error, data: { ...error?.data, request_id: '' } }).toEqual({
        code: -32001,
        message: 'Cannot call the method: the policy does not permit it',
        data: { request_id: '', reason: 'forbidden', retryable: false },
      });
    const { methods } = (await callOnce(restricted.socket, 'rpc.discover')).result;
    const described = methods.find(({ name }: { name: string }) => name === 'rpc.logs');
    expect(described.params.map(({ name, required }: Record<string, unknown>) => [name, required])).toEqual([
      ...[
        ['driver', true],
        ['lines', false],
        ['after', false],
        ['wait_ms', false],
      ],
    ]);
    await restricted.stop();
  });

  test('needs a permit of its own', async () => {
    const closed = await startTestDaemon({
      policy: permitAll(uid).split('\n')[0] ?? '',
    });
    for (const driver of ['echo', 'nowhere'])
      expect((await callOnce(closed.socket, 'rpc.logs', { driver })).error?.data.reason).toBe('forbidden');
    await closed.stop();
  });

  test('and is permitted every driver is told that one is not enabled, and so is who follows one that is disabled', async () => {
    const notEnabled = { reason: 'invalid-params', at: '/driver', rule: 'enabled' };
    expect((await call('rpc.logs', { driver: 'nowhere' })).error?.data).toMatchObject(notEnabled);
    await heard('private.lines', { count: 1 });
    const { cursor } = await logsOf('private');
    const waiting = logsOf('private', { after: cursor, wait_ms: 20_000 });
    // It waits in the daemon, beside the call that asks.
    await expect.poll(inFlight, { timeout: 10_000 }).toBe(2);
    rmSync(join(daemon.folder, 'drivers.d/private.yaml'));
    daemon.monitor.kill('SIGHUP');
    expect((await waiting).lines).toEqual([]);
    expect((await call('rpc.logs', { driver: 'private', after: cursor })).error?.data).toMatchObject(
      notEnabled,
    );
  });
});

describe('driverctl logs', () => {
  const main = join(ROOT, 'dist/driverctl/main.js');
  const start = (...words: string[]) =>
    spawn(process.execPath, [main, 'logs', ...words, '--socket', daemon.socket], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });

  test('prints the last lines of a driver', async () => {
    const { ring } = await heard('talker.lines', { count: 5 });
    const child = start('talker', '-n', '2');
    const text = (await child.stdout.toArray()).join('');
    const [{ launch }] = ring;
    expect(text.replaceAll(/^\S+Z /gm, '')).toBe(
      `launch ${launch} stderr: line 3\nlaunch ${launch} stderr: line 4\n`,
    );
  });

  test('follows a driver: a line shows while the driver that wrote it runs', async () => {
    const child = start('talker', '-f', '-n', '0', '--json');
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    // It waits in the daemon, beside the call that asks.
    await expect.poll(inFlight, { timeout: 10_000 }).toBe(2);
    const client = await connectClient(daemon.socket);
    client.send({ jsonrpc: '2.0', id: 1, method: 'talker.patient', params: {} });
    await expect.poll(() => text, { timeout: 10_000 }).toContain('waiting for something');
    expect(JSON.parse(text)).toMatchObject({ source: 'stderr', text: 'waiting for something' });
    client.close();
    child.kill();
    await new Promise((resolve) => child.on('exit', resolve));
  });
});

test('a daemon that stops answers who waits for a line, and waits for nobody', async () => {
  const own = await startTestDaemon({ settings: 'drain_ms: 600000' });
  const client = await connectClient(own.socket);
  const waiting = client.call('rpc.logs', { driver: 'echo', wait_ms: 25_000 });
  await expect.poll(async () => (await callOnce(own.socket, 'rpc.status')).result.calls_in_flight).toBe(2);
  const stopped = own.stop();
  expect((await waiting).result).toMatchObject({ lines: [] });
  expect(await stopped).toBe(0);
});
