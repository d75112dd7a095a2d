import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../../../scripts/development-folder.ts';
import { driverFilter, NO_GRANTS } from '../../../src/monitor/launch/filter.ts';
import { limitDifferences } from '../../../src/monitor/launch/process-limits.ts';
import { readProcessStatus } from '../../../src/monitor/launch/process-status.ts';
import type { SandboxPlan } from '../../../src/monitor/launch/sandbox.ts';
import { buildSeccompFilter } from '../../../src/posix/seccomp.ts';
import { direct, planFor, runProgram, startProgram } from '../../support/sandbox.ts';

const filter = buildSeccompFilter(driverFilter(NO_GRANTS));
const ways: SandboxPlan['way'][] =
  process.geteuid?.() === 0 ? ['user-namespace', 'inner-setpriv', 'runc'] : ['user-namespace'];

describe.each(ways)('in the way %s', (way) => {
  test('a program runs, prints and gives its exit status', async () => {
    const { status, output } = await runProgram(
      planFor(direct('/bin/sh', '-c', 'echo hello; exit 7'), way),
      filter,
    );
    expect([status, output]).toEqual([7, 'hello\n']);
  });

  test('the kernel says of the gate that every privilege is gone (L3)', async () => {
    const { sandbox } = startProgram(planFor(direct('/bin/true'), way), filter);
    const { status } = await sandbox.ready;
    expect(Object.values(status.capabilities)).toEqual([0n, 0n, 0n, 0n, 0n]);
    expect(status).toMatchObject({
      noNewPrivs: true,
      seccompFilters: readProcessStatus('self').seccompFilters + 1,
    });
    expect(status.uids).not.toContain(0);
    sandbox.kill();
    await sandbox.ended;
  });

  test('without "go" the program never runs', async () => {
    const { sandbox, output } = startProgram(planFor(direct('/bin/echo', 'ran'), way), filter);
    await sandbox.ready;
    sandbox.kill();
    await sandbox.ended;
    expect(output()).toBe('');
  });

  test('SIGTERM reaches the program alone, which may clear up, and what it leaves behind dies with it (invariant 9)', async () => {
    const script = `trap 'echo cleared; exit 3' TERM; sh -c 'trap "echo child" TERM; sleep 1007; sleep 1007' & echo up > /tmp/up; wait`;
    const { sandbox, output } = startProgram(planFor(direct('/bin/sh', '-c', script), way), filter);
    const { gatePid } = await sandbox.ready;
    sandbox.go();
    // Only what catches the signal by then can clear up.
    await expect.poll(() => caughtSignals(gatePid) & SIGTERM_BIT, { timeout: 10_000 }).not.toBe(0n);
    sandbox.terminate();
    expect(await sandbox.ended).toBe(3);
    expect(output()).toBe('cleared\n');
    sandbox.terminate();
  });

  test('SIGTERM ends a program that does not catch it, and one at its gate', async () => {
    for (const isOpened of [true, false]) {
      const { sandbox } = startProgram(planFor(direct('/bin/sleep', '1008'), way), filter);
      await sandbox.ready;
      if (isOpened) sandbox.go();
      sandbox.terminate();
      // 128 + SIGTERM, as the sandbox's first process says of it.
      expect(await sandbox.ended).toBe(143);
    }
  });

  test('the system is read-only and what is writable is bounded (X17)', async () => {
    const script =
      'touch /x /usr/x /dev/x 2>/dev/null; ls /x /usr/x /dev/x 2>/dev/null; head -c 5000000 /dev/zero > /tmp/big; stat -c %s /tmp/big';
    const { output } = await runProgram(planFor(direct('/bin/sh', '-c', script), way), filter);
    const size = Number(output.trim().split('\n').at(-1));
    expect(output).not.toMatch(/^\/(x|usr|dev)/m);
    expect(size).toBeLessThanOrEqual(1_048_576);
  });
});

const SIGTERM_BIT = 1n << 14n;

/** Signals that a process has handlers for (proc_pid_status(5)). */
function caughtSignals(pid: number): bigint {
  const [, mask = '0'] = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
  return BigInt(`0x${mask}`);
}

/** As a shell it says what the gate says, sets nothing, never listens, and goes on talking. */
const HOSTILE_SHELL = `#!/usr/bin/python3 -I
import os, time
if os.getpid() == 1 and os.fork(): os.wait()
os.write(3, b"ready\\n")
time.sleep(0.3)
while True: os.write(3, b"x" * 65536)
`;

test.each(ways)(
  'a shell of a root folder that lies: limits that it did not set are seen, and what it goes on saying is not taken in, in the way %s',
  async (way) => {
    const folder = mkdtempSync(join(tmpdir(), 'driverd-test-'));
    chmodSync(folder, 0o755);
    writeFileSync(join(folder, 'sh'), HOSTILE_SHELL, { mode: 0o755 });
    const plan = planFor(direct('/bin/true'), way);
    const inItsPlace = { kind: 'read', source: join(folder, 'sh'), target: '/usr/bin/dash' } as const;
    const { sandbox } = startProgram({ ...plan, mounts: [...plan.mounts, inItsPlace] }, filter);
    const { limits } = await sandbox.ready;
    expect(limitDifferences(plan.limits, limits)).toEqual(
      expect.arrayContaining(['Max open files', 'Max processes', 'Max cpu time', 'oom_score_adj']),
    );
    const before = process.memoryUsage.rss();
    sandbox.go();
    await wait(1_500);
    // In that time it would have written hundreds of megabytes.
    expect(process.memoryUsage.rss() - before).toBeLessThan(100 * 1_048_576);
    sandbox.kill();
    await sandbox.ended;
    rmSync(folder, { recursive: true });
  },
);

test('a program finds the limits that its plan names', async () => {
  const plan = planFor(direct('/bin/true'));
  const { sandbox } = startProgram(plan, filter);
  const { limits } = await sandbox.ready;
  expect(limitDifferences(plan.limits, limits)).toEqual([]);
  expect(limitDifferences({ ...plan.limits, openFiles: 63, oomScore: 900 }, limits)).toEqual([
    'Max open files',
    'oom_score_adj',
  ]);
  sandbox.kill();
  await sandbox.ended;
});

test('where this process lacks descriptors a start fails and ends nothing else (L15, O12)', () => {
  const script = `
    import { openSync } from 'node:fs';
    import { buildSeccompFilter } from ${JSON.stringify(join(ROOT, 'src/posix/seccomp.ts'))};
    import { planFor, direct } from ${JSON.stringify(join(ROOT, 'test/support/sandbox.ts'))};
    import { startSandbox } from ${JSON.stringify(join(ROOT, 'src/monitor/launch/start-sandbox.ts'))};
    const filter = buildSeccompFilter({ unlisted: 'allow', rules: [] });
    const held = [];
    try { for (;;) held.push(openSync('/dev/null')); } catch {}
    const { closeSync } = await import('node:fs');
    const heard = [];
    // From no free descriptor to enough for a pipe or two: each step fails in another place.
    for (let free = 0; free < 12; free += 1) {
      for (let count = 0; count < free; count += 1) closeSync(held.pop());
      try {
        const sandbox = startSandbox(planFor(direct('/bin/true')), filter, { standard: ['ignore', 'ignore', 'ignore'], further: ['pipe', 'pipe'] });
        heard.push(await sandbox.ready.then(() => 'ready', () => 'failed'));
        sandbox.kill();
        await sandbox.ended;
      } catch { heard.push('thrown'); }
      try { for (;;) held.push(openSync('/dev/null')); } catch {}
    }
    process.stdout.write(heard.join(' '));
  `;
  const { stdout, status, stderr } = spawnSync(
    'prlimit',
    ['--nofile=96:96', process.execPath, '--input-type=module', '-e', script],
    { encoding: 'utf8', timeout: 60_000 },
  );
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/thrown|failed/);
  expect(stdout.split(' ')).toHaveLength(12);
});

test('what pollutes Object.prototype reaches neither the environment nor the options of a launch (L7)', async () => {
  Object.defineProperty(Object.prototype, 'POLLUTED', {
    ...{ value: 'yes', enumerable: true, configurable: true, writable: true },
  });
  const program = startProgram(planFor(direct('/usr/bin/env')), filter);
  Reflect.deleteProperty(Object.prototype, 'POLLUTED');
  await program.sandbox.ready;
  program.sandbox.go();
  await program.sandbox.ended;
  expect(program.output().trim().split('\n').toSorted()).toEqual(['PATH=/usr/bin:/bin', 'PWD=/tmp']);
});
