import { spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from '../../scripts/development-folder.ts';
import { callOnce } from '../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';

let daemon: TestDaemon;
let whole: Buffer;
beforeAll(async () => {
  daemon = await startTestDaemon();
  await callOnce(daemon.socket, 'echo.say', { text: 'on record' });
  const exited = new Promise((resolve) => daemon.monitor.on('exit', resolve));
  daemon.monitor.kill('SIGTERM');
  await exited;
  whole = readFileSync(daemon.log);
});
afterAll(() => daemon.stop());

function verify(): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, 'dist/driverctl/main.js'), 'audit', 'verify', '--log', daemon.log, '--state', daemon.state],
    { encoding: 'utf8' },
  );
  return { status, text: stdout + stderr };
}

test('driverctl audit verify passes on what the daemon wrote', () => {
  expect(verify()).toMatchObject({ status: 0 });
});

test('it fails and names the first bad record after one byte is changed, a record is appended, or the last is cut off (invariant 12, A5)', () => {
  const lines = whole.toString('utf8').trimEnd().split('\n');
  const changed = Buffer.from(whole);
  const at = whole.indexOf('\n') + 60;
  changed[at] = (changed[at] ?? 0) ^ 1;
  writeFileSync(daemon.log, changed);
  const edited = verify();
  expect(edited.status).toBe(9);
  expect(edited.text).toMatch(/\b2\b/);

  writeFileSync(daemon.log, whole);
  appendFileSync(daemon.log, `${lines.at(-1)}\n`);
  expect(verify().status).toBe(9);

  writeFileSync(daemon.log, whole);
  truncateSync(daemon.log, whole.length - Buffer.byteLength(lines.at(-1) ?? '') - 1);
  expect(verify().status).toBe(9);

  writeFileSync(daemon.log, whole);
  expect(verify().status).toBe(0);
});
