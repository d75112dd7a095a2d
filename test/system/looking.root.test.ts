import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from '../../scripts/development-folder.ts';
import { findGroup } from '../../src/posix/names.ts';
import { callOnce } from '../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';

/** A group of every Debian, in the place of driverd-audit. */
const READERS = 'adm';
const ORDINARY_USER = 70_123;
const readers = findGroup(READERS) ?? Number.NaN;

// It gives its rights up itself, once it is loaded: another user might not reach the checkout.
const AS_ANOTHER = `
  const [run, user, groups, ...words] = process.argv.slice(1);
  const { writeSync } = await import('node:fs');
  const { runDriverctl } = await import(run);
  process.setgroups(JSON.parse(groups)); process.setgid(Number(user)); process.setuid(Number(user));
  const output = (number) => ({ isTerminal: false, columns: 80, write: (text) => writeSync(number, text) });
  process.exitCode = await runDriverctl(words, {
    stdin: { isTerminal: true }, stdout: output(1), stderr: output(2), environment: {}, uid: process.geteuid(),
  });
`;

let daemon: TestDaemon;
let requestId: string;
beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'driverd-test-'));
  // As an installation has it: whoever is in the group may enter and read, and every file in it is of that group.
  mkdirSync(join(folder, 'audit'));
  chownSync(join(folder, 'audit'), 0, readers);
  chmodSync(join(folder, 'audit'), 0o2750);
  daemon = await startTestDaemon({ folder });
  await callOnce(daemon.socket, 'echo.say', { text: 'on record' });
  const { error } = await callOnce(daemon.socket, 'echo.unknown', {});
  requestId = error?.data.request_id;
});
afterAll(() => daemon.stop());

/** Runs driverctl as an ordinary user who is in these groups. */
function look(groups: readonly number[], ...words: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      ...['--input-type=module', '-e', AS_ANOTHER, join(ROOT, 'dist/driverctl/run.js')],
      ...[String(ORDINARY_USER), JSON.stringify(groups), 'audit', ...words, '--log', daemon.log],
    ],
    { encoding: 'utf8' },
  );
  return { status, stdout, stderr };
}

test('a member of the log’s group looks at what a daemon writes, without the daemon and without rights', () => {
  const shown = look([readers], 'show', requestId);
  expect(shown).toMatchObject({ status: 0, stderr: '' });
  const { records } = JSON.parse(shown.stdout);
  expect(records.map(({ record }: { record: { event: string } }) => record.event).slice(0, 2)).toEqual([
    'session',
    'denied',
  ]);
  expect(records.every(({ wrong }: { wrong: unknown }) => wrong === null)).toBe(true);

  const ended = look(
    [readers],
    'search',
    '--event',
    'call-end',
    '--caller',
    'root',
    '--driver',
    'echo',
    '--end',
    'ok',
  );
  expect(ended).toMatchObject({ status: 0, stderr: '' });
  expect(JSON.parse(ended.stdout)).toMatchObject({ event: 'call-end', claims: { method: 'echo.say' } });
  expect(look([readers], 'search', '--request', requestId, '--since', '1h').stdout).toContain(
    '"event":"denied"',
  );
  expect(look([readers], 'search', '--request', requestId, '--until', '1h').stdout).toBe('');

  const { callers, ok, latency_us } = JSON.parse(look([readers], 'stats', '--since', 'yesterday').stdout);
  expect({ ok, callers }).toMatchObject({ ok: 1, callers: [{ uid: 0, user: 'root', denied: 1 }] });
  expect(latency_us).toMatchObject({ count: 1, p50: expect.any(Number) });

  const tail = look([readers], 'tail', '-n', '3');
  expect(tail.stdout.trimEnd().split('\n')).toHaveLength(3);
});

test.each(['tail', 'search', 'stats', 'show'])(
  'who is not in that group is told which it is: audit %s',
  (command) => {
    const { status, stdout, stderr } = look([], command, ...(command === 'show' ? [requestId] : []));
    expect({ status, stdout }).toEqual({ status: 10, stdout: '' });
    expect(stderr).toBe(
      `driverctl: Cannot read the audit log ${daemon.log}: permission denied; members of the group ${READERS} may read it\n`,
    );
  },
);
