import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ROOT } from '../../scripts/development-folder.ts';
import { callOnce } from '../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { patience } from '../support/patience.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'driverd-reset-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function driverctl(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [join(ROOT, 'dist/driverctl/main.js'), ...words], { encoding: 'utf8' });
}

/** Ends a daemon and leaves its folder. */
async function end(daemon: TestDaemon): Promise<void> {
  const exited = new Promise((resolve) => daemon.monitor.on('exit', resolve));
  daemon.monitor.kill('SIGTERM');
  await exited;
}

test(
  'a daemon whose state folder was lost does not start until driverctl audit reset, and then says so in its first record',
  async () => {
    const first = await startTestDaemon({ folder });
    const { log, state } = first;
    await callOnce(first.socket, 'echo.say', { text: 'on record' });
    const whileItRuns = driverctl('audit', 'reset', '--state', state);
    expect(whileItRuns).toMatchObject({ status: 10, stderr: expect.stringContaining('a daemon runs on') });
    const key = join(folder, 'first-key');
    writeFileSync(key, driverctl('audit', 'key', '--log', log).stdout);
    await end(first);
    expect(driverctl('audit', 'verify', '--log', log, '--state', state, '--key', key).status).toBe(0);

    renameSync(state, `${state}-lost`);
    await expect(startTestDaemon({ folder })).rejects.toThrow(
      'Cannot open the audit log: the keys of its seals are missing in the state folder; `driverctl audit reset`',
    );
    expect(driverctl('audit', 'reset', '--state', state, '--reason', 'lost').status).toBe(0);
    const second = await startTestDaemon({ folder });
    const [reset, start] = second.records();
    const [kept = ''] = readdirSync(dirname(log)).filter((name) => name.startsWith('audit-before-'));
    expect(reset).toMatchObject({
      ...{ seq: 1, event: 'audit-reset' },
      facts: { why: 'asked', reason: 'lost', noted: null, kept_in: kept },
    });
    expect(start?.event).toBe('daemon-start');
    await callOnce(second.socket, 'echo.say', { text: 'on record again' });
    await end(second);
    expect(driverctl('audit', 'verify', '--log', log, '--state', state).status).toBe(0);
    // The old chain is proven by the old key, and the new one is not the log that this key is of.
    expect(driverctl('audit', 'verify', join(dirname(log), kept), '--key', key).status).toBe(0);
    const other = driverctl('audit', 'verify', '--log', log, '--state', state, '--key', key);
    expect(other).toMatchObject({ status: 9, stderr: expect.stringContaining('resealed') });
  },
  120_000 * patience,
);
