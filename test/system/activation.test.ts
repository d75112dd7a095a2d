import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, expect, test } from 'vitest';
import { makeDevelopmentFolder, permitAll, ROOT } from '../../scripts/development-folder.ts';
import { callOnce } from '../support/client.ts';
import { startTestDaemon, TEST_PROFILES, type TestDaemon } from '../support/daemon.ts';

const PYTHON = '/usr/bin/python3';
const PASS = join(ROOT, 'test/fixtures/pass-socket.py');
const HEAR = join(ROOT, 'test/fixtures/hear-notifications.py');

let folder = '';
let daemon: TestDaemon | undefined;

afterEach(async () => {
  await daemon?.stop();
  daemon = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** A daemon in the foreground that is to refuse what it was passed. */
function refused(words: readonly string[]): { status: number | null; text: string } {
  folder = mkdtempSync(join(tmpdir(), 'driverd-test-'));
  const { state } = makeDevelopmentFolder(folder, TEST_PROFILES, permitAll(process.geteuid?.() ?? 0));
  const main = join(ROOT, 'dist/monitor/main.js');
  const { status, stderr } = spawnSync(
    PYTHON,
    [PASS, ...words, process.execPath, main, '--development', '--config', folder, '--state', state],
    { encoding: 'utf8', timeout: 20_000 },
  );
  return { status, text: stderr };
}

test('a socket that was passed is served, and is there after the daemon: its path and mode are the service manager’s', async () => {
  folder = mkdtempSync(join(tmpdir(), 'driverd-test-'));
  const socket = join(folder, 'passed.sock');
  daemon = await startTestDaemon({ wrap: [PYTHON, PASS, 'listening', socket, 'own', '1'] });
  expect((await callOnce(socket, 'echo.say', { text: 'by activation' })).result).toBeDefined();
  expect(existsSync(daemon.socket)).toBe(false);
  expect(await daemon.stop()).toBe(0);
  daemon = undefined;
  expect(statSync(socket).mode & 0o777).toBe(0o666);
});

test.each([
  ['not listening', 'it does not listen'],
  ['a packet socket', 'it is no stream socket'],
  ['datagrams', 'it is no stream socket'],
  ['an internet socket', 'it is no Unix socket'],
  ['an abstract socket', 'it has no path'],
  ['connected', 'it does not listen'],
  ['a file', 'it is no socket'],
  ['a pipe', 'it is no socket'],
  ['nothing', 'it is no socket'],
])('descriptor 3 is %s: no start, and one line says why (T20)', (kind, why) => {
  const { status, text } = refused([kind, join(tmpdir(), `driverd-test-${process.pid}.sock`), 'own', '1']);
  rmSync(join(tmpdir(), `driverd-test-${process.pid}.sock`), { force: true });
  expect(text).toContain(`Cannot use the passed socket: ${why}; start driverd by driverd.socket`);
  expect(text.trim().split('\n')).toHaveLength(1);
  expect(status).toBe(78);
});

test.each([
  ['1', '1', 'LISTEN_PID names another process'],
  ['', '1', 'LISTEN_PID names another process'],
  ['unset', '1', 'LISTEN_PID names another process'],
  ['own', '-1', 'LISTEN_FDS has to be 1'],
  ['own', '0', 'LISTEN_FDS has to be 1'],
  ['own', '9', 'LISTEN_FDS has to be 1'],
  ['own', 'abc', 'LISTEN_FDS has to be 1'],
  ['own', '1 ', 'LISTEN_FDS has to be 1'],
  ['own', 'unset', 'LISTEN_FDS has to be 1'],
])('LISTEN_PID=%s with LISTEN_FDS=%s: no start, and one line says why (T20)', (pid, count, why) => {
  const socket = join(tmpdir(), `driverd-test-${process.pid}.sock`);
  const { status, text } = refused(['listening', socket, pid, count]);
  rmSync(socket, { force: true });
  expect(text).toContain(`Cannot use the passed socket: ${why}`);
  expect(status).toBe(78);
});

test('the service manager hears READY when it serves, RELOADING and READY around a reload, STOPPING with the time that it may take', async () => {
  folder = mkdtempSync(join(tmpdir(), 'driverd-test-'));
  const address = join(folder, 'notify');
  const heard: string[][] = [];
  const listener = spawn(PYTHON, ['-u', HEAR, address], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: listener.stdout });
  await new Promise((resolve) => lines.once('line', resolve));
  lines.on('line', (line) => heard.push(JSON.parse(line)));
  daemon = await startTestDaemon({
    settings: 'drain_ms: 3000',
    wrap: ['/usr/bin/env', `NOTIFY_SOCKET=${address}`],
  });
  await until(() => heard.length === 1);
  expect(heard[0]).toEqual(['READY=1', 'STATUS=4 drivers enabled, configuration 1']);

  writeFileSync(join(daemon.folder, 'drivers.d/more.yaml'), 'version: 1\ndriver: echo\n');
  daemon.monitor.kill('SIGHUP');
  await until(() => heard.length === 3);
  expect(heard[1]).toEqual(['RELOADING=1', expect.stringMatching(/^MONOTONIC_USEC=[0-9]+$/)]);
  expect(heard[2]).toEqual(['READY=1', 'STATUS=5 drivers enabled, configuration 2']);

  await daemon.stop();
  daemon = undefined;
  await until(() => heard.length === 4);
  expect(heard[3]).toEqual(['STOPPING=1', 'EXTEND_TIMEOUT_USEC=23000000', 'STATUS=stopping']);
  listener.kill();
});

async function until(isSo: () => boolean): Promise<void> {
  const giveUpAt = Date.now() + 20_000;
  while (!isSo()) {
    if (Date.now() > giveUpAt) throw new Error('Cannot wait any longer');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
