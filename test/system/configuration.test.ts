import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { makeDevelopmentFolder, permitAll, ROOT } from '../../scripts/development-folder.ts';
import { callOnce, connectClient } from '../support/client.ts';
import { startTestDaemon, TEST_DRIVERS, TEST_PROFILES, type TestDaemon } from '../support/daemon.ts';

const open: TestDaemon[] = [];
const folders: string[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((daemon) => daemon.stop()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

async function start(...args: Parameters<typeof startTestDaemon>): Promise<TestDaemon> {
  const daemon = await startTestDaemon(...args);
  open.push(daemon);
  return daemon;
}

/** Starts a daemon that is expected to refuse; returns what it said. */
function refusedStart(
  prepare: (folder: string) => void,
  args: readonly string[] = ['--development'],
): { status: number | null; text: string } {
  process.umask(0o022);
  const folder = mkdtempSync(join(tmpdir(), 'driverd-test-'));
  folders.push(folder);
  const { state } = makeDevelopmentFolder(folder, TEST_PROFILES, permitAll(process.geteuid?.() ?? 0), {
    driverFolders: [TEST_DRIVERS],
  });
  prepare(folder);
  const { status, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, 'dist/monitor/main.js'), ...args, '--config', folder, '--state', state],
    {
      encoding: 'utf8',
      timeout: 20_000,
    },
  );
  return { status, text: stderr };
}

test.each<[string, string, string, RegExp]>([
  [
    'settings',
    'driverd.yaml',
    'version: 1\nlimts: {}\n',
    /driverd\.yaml:2: limts: unknown key; did you mean limits/,
  ],
  [
    'a profile',
    'drivers.d/echo.yaml',
    'version: 1\nlimits:\n  wall_ms: -5\n',
    /echo\.yaml:3: limits\.wall_ms/,
  ],
  ['a policy', 'policy.d/broken.cedar', 'permit(principal, action, resource;\n', /broken\.cedar:1/],
  ['an empty profile file', 'drivers.d/echo.yaml', '', /echo\.yaml/],
])(
  'a broken file of %s at start: no start, and file, line and reason are said (Z1, F3)',
  (_what, file, text, expected) => {
    const { status, text: said } = refusedStart((folder) => writeFileSync(join(folder, file), text));
    expect(status).toBe(78);
    expect(said).toMatch(expected);
  },
);

test('a configuration that others can write is refused, not warned about (F1)', () => {
  const { text: said } = refusedStart((folder) => {
    process.umask(0);
    writeFileSync(join(folder, 'drivers.d/extra.yaml'), 'version: 1\ndriver: echo\n', { mode: 0o666 });
    process.umask(0o022);
  });
  expect(said).toContain('everybody can write it');
});

test('a configuration marked development is refused without --development', () => {
  const { status, text } = refusedStart(() => undefined, []);
  expect(status).toBe(78);
  expect(text).toContain('marked development');
});

test('a second daemon on the same state folder, and one on a live socket, are refused; a stale socket is replaced (A9, T19)', async () => {
  const daemon = await start();
  const again = spawnSync(
    process.execPath,
    [join(ROOT, 'dist/monitor/main.js'), '--development', '--config', daemon.folder, '--state', daemon.state],
    { encoding: 'utf8' },
  );
  expect(again.status).toBe(78);
  expect(again.stderr).toContain('another driverd runs on it');
  const live = refusedStart(
    (folder) => writeFileSync(join(folder, 'x'), ''),
    ['--development', '--socket', daemon.socket],
  );
  expect(live.text).toContain('another program listens there');
  expect((await callOnce(daemon.socket, 'rpc.discover')).error).toBeUndefined();
  daemon.monitor.kill('SIGKILL');
  await wait(300);
  const next = await start({ folder: daemon.folder });
  expect((await callOnce(next.socket, 'rpc.discover')).error).toBeUndefined();
  open.shift();
});

test('what stands in the socket’s place and is none stays, and a path that would be cut is refused (T17, T19)', () => {
  expect(refusedStart((folder) => mkdirSync(join(folder, 'driverd.sock'))).text).toContain('is not a socket');
  expect(refusedStart((folder) => writeFileSync(join(folder, 'driverd.sock'), 'x')).text).toContain(
    'is not a socket',
  );
  const long = join(tmpdir(), 'x'.repeat(120));
  expect(refusedStart(() => undefined, ['--development', '--socket', long]).text).toMatch(
    /longer than|ENAMETOOLONG/,
  );
});

test('the socket has its final mode as soon as it stands in its place, and the state folder is its owner’s alone (T18, F11)', async () => {
  const daemon = await start();
  expect(statSync(daemon.socket).mode & 0o777).toBe(0o666);
  expect(statSync(daemon.state).mode & 0o777).toBe(0o700);
});

test('a socket folder that the daemon makes lets callers through, and a user who connects in a loop is slowed and counted', async () => {
  const outer = mkdtempSync(join(tmpdir(), 'driverd-test-'));
  const daemon = await start({
    socket: join(outer, 'new/driverd.sock'),
    settings: 'limits: { connections_per_second: 20 }',
  });
  folders.push(outer);
  expect(statSync(join(outer, 'new')).mode & 0o777).toBe(0o755);
  const clients = await Promise.all(Array.from({ length: 200 }, () => connectClient(daemon.socket)));
  await expect
    .poll(() => daemon.records().filter((record) => record.event === 'session-refused').length, {
      timeout: 10_000,
    })
    .toBeGreaterThan(0);
  for (const client of clients) client.close();
  const sessions = daemon.records().filter((record) => record.event === 'session').length;
  expect(sessions).toBeGreaterThanOrEqual(20);
  expect(sessions).toBeLessThan(200);
});

test('at SIGHUP a broken file changes nothing and is on record; a mended one is taken; a storm of signals is no storm of reloads (F5, R9)', async () => {
  const daemon = await start();
  const policy = join(daemon.folder, 'policy.d/driverd.cedar');
  writeFileSync(policy, 'permit(');
  daemon.monitor.kill('SIGHUP');
  await expect
    .poll(() => daemon.records().some((record) => record.event === 'reload-refused'), { timeout: 10_000 })
    .toBe(true);
  expect((await callOnce(daemon.socket, 'echo.say', { text: 'x' })).error).toBeUndefined();
  writeFileSync(policy, 'forbid(principal, action, resource);\n');
  for (let count = 0; count < 20; count += 1) daemon.monitor.kill('SIGHUP');
  await expect
    .poll(async () => (await callOnce(daemon.socket, 'echo.say', { text: 'x' })).error?.data.reason, {
      timeout: 10_000,
    })
    .toBe('forbidden');
  await wait(500);
  expect(daemon.records().filter((record) => record.event === 'reload').length).toBeLessThan(20);
  expect(daemon.monitor.exitCode).toBeNull();
});

test('SIGTERM drains: a call in flight gets its reply, the stop is on record, the exit status is 0 (O1)', async () => {
  const daemon = await start();
  const client = await connectClient(daemon.socket);
  const reply = client.call('misbehave.slow', { ms: 600 });
  await expect
    .poll(() => daemon.records().some((record) => record.event === 'launch'), {
      timeout: 10_000,
      interval: 20,
    })
    .toBe(true);
  daemon.monitor.kill('SIGTERM');
  expect((await reply).error).toBeUndefined();
  const code = await new Promise((resolve) => daemon.monitor.on('exit', resolve));
  expect(code).toBe(0);
  // The log's last record is the one that its last seal is of.
  expect(
    daemon
      .records()
      .map(({ event }) => event)
      .slice(-2),
  ).toEqual(['daemon-stop', 'seal']);
  open.pop();
  rmSync(daemon.folder, { recursive: true });
});

test('SIGTERM waits for a reply that its caller is slow to read: it comes whole (O1)', async () => {
  const daemon = await start();
  const client = await connectClient(daemon.socket);
  // More than the kernel holds for one socket, so that the broker still has a part of the reply when it drains.
  const text = 'x'.repeat(700_000);
  client.socket.pause();
  client.send({ jsonrpc: '2.0', id: 1, method: 'echo.say', params: { text } });
  await expect
    .poll(() => daemon.records().some((record) => record.event === 'call-end'), { timeout: 10_000 })
    .toBe(true);
  daemon.monitor.kill('SIGTERM');
  await wait(300);
  client.socket.resume();
  const reply = await client.next();
  expect(reply).toMatchObject({ id: 1, result: { text } });
  await new Promise((resolve) => daemon.monitor.on('exit', resolve));
  open.pop();
  rmSync(daemon.folder, { recursive: true });
});
