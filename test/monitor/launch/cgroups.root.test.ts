import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openCgroups } from '../../../src/monitor/launch/cgroups.ts';
import { driverFilter, NO_GRANTS } from '../../../src/monitor/launch/filter.ts';
import { startSandbox } from '../../../src/monitor/launch/start-sandbox.ts';
import { buildSeccompFilter } from '../../../src/posix/seccomp.ts';
import { direct, planFor } from '../../support/sandbox.ts';

const hasUnifiedTree = readFileSync('/proc/self/mounts', 'utf8').includes(' cgroup2 ');
const NO_LIMITS = { memoryBytes: null, processes: null, cpuPercent: null };
const quiet = { standard: ['ignore', 'ignore', 2], further: [] } as const;

test.runIf(hasUnifiedTree)(
  'a sandbox that ends before it is ready leaves nothing, and ends nothing else',
  async () => {
    const state = mkdtempSync(join(tmpdir(), 'driverd-cgroups-'));
    const cgroups = openCgroups(state);
    const filter = buildSeccompFilter(driverFilter(NO_GRANTS));
    const folder = readFileSync(join(state, 'cgroup'), 'utf8').trim();
    const plan = planFor(direct('/bin/true'));
    const missing = { kind: 'read', source: '/no/such/path', target: '/x' } as const;
    const broken = { ...plan, mounts: [missing, ...plan.mounts] };
    const sandbox = startSandbox(broken, filter, quiet, [], cgroups?.create(1, NO_LIMITS) ?? null);
    await expect(sandbox.ready).rejects.toThrow('Cannot start a sandbox');
    await sandbox.ended;
    sandbox.kill();
    await expect.poll(() => existsSync(join(folder, '1'))).toBe(false);
    cgroups?.close();
    expect(existsSync(folder)).toBe(false);
    rmSync(state, { recursive: true });
  },
);

test.runIf(hasUnifiedTree)(
  'what an earlier daemon left is killed and removed at the next start, processes outside of any sandbox too (O2)',
  async () => {
    const state = mkdtempSync(join(tmpdir(), 'driverd-cgroups-'));
    openCgroups(state);
    const folder = readFileSync(join(state, 'cgroup'), 'utf8').trim();
    mkdirSync(join(folder, '7'));
    const left = spawn('/bin/sleep', ['1000'], { stdio: 'ignore' });
    writeFileSync(join(folder, '7/cgroup.procs'), String(left.pid));
    const ended = new Promise((resolve) => left.once('exit', (_code, signal) => resolve(signal)));
    const next = openCgroups(state);
    expect(await ended).toBe('SIGKILL');
    await expect.poll(() => existsSync(folder)).toBe(false);
    next?.close();
    rmSync(state, { recursive: true });
  },
);
