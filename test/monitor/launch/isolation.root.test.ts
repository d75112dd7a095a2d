import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { rootOnlyProcFiles } from '../../../src/monitor/configuration/views.ts';
import { driverFilter, NO_GRANTS } from '../../../src/monitor/launch/filter.ts';
import { differences } from '../../../src/monitor/launch/isolation.ts';
import {
  type ProcessStatus,
  readProcessStatus,
  sameInEachSet,
} from '../../../src/monitor/launch/process-status.ts';
import { unguarded } from '../../../src/monitor/launch/root-guard.ts';
import type { SandboxPlan } from '../../../src/monitor/launch/sandbox.ts';
import { buildSeccompFilter } from '../../../src/posix/seccomp.ts';
import { direct, planFor, startProgram } from '../../support/sandbox.ts';

const NET_RAW = 1n << 13n;
const SYS_ADMIN = 1n << 21n;
const INHERITED = readProcessStatus('self').seccompFilters;
const plan: SandboxPlan = {
  ...planFor(direct('/bin/true'), 'inner-setpriv'),
  capabilities: ['CAP_NET_RAW'],
  coveredProcFiles: rootOnlyProcFiles(),
};
const filter = buildSeccompFilter(driverFilter(NO_GRANTS));

describe('what the kernel says of a gate is compared with the plan, set by set (invariants 7 and 8)', () => {
  const status: ProcessStatus = {
    ...{ uids: [79_998, 79_998, 79_998, 79_998], gids: [79_998, 79_998, 79_998, 79_998], groups: [] },
    ...{ capabilities: sameInEachSet(NET_RAW), noNewPrivs: true, seccompFilters: INHERITED + 1 },
  };

  test('exactly what was granted is no difference', () => {
    expect(differences(plan, status)).toEqual([]);
  });

  test('filters that the daemon has itself are no filter of the driver’s', () => {
    expect(differences(plan, { ...status, seccompFilters: INHERITED })).toEqual(['seccomp']);
  });

  test.each(['inheritable', 'permitted', 'effective', 'bounding', 'ambient'])(
    'in the %s set one more, one less and another one each differ',
    (name) => {
      for (const held of [NET_RAW | SYS_ADMIN, 0n, SYS_ADMIN]) {
        const capabilities = { ...status.capabilities, [name]: held };
        expect(differences(plan, { ...status, capabilities })).toEqual([`${name} capabilities`]);
      }
    },
  );
});

test('a gate is as planned with a capability, and another plan’s would differ in every set', async () => {
  const { sandbox } = startProgram(plan, filter);
  const { status, gatePid } = await sandbox.ready;
  expect(differences(plan, status)).toEqual([]);
  expect(unguarded(plan, gatePid)).toEqual([]);
  expect(differences({ ...plan, capabilities: [] }, status)).toHaveLength(5);
  sandbox.kill();
  await sandbox.ended;
});

test('a device file or a /proc that is writable all the same is found (invariant 8)', async () => {
  // The plan of an ordinary driver: nothing of it is guarded.
  const { sandbox } = startProgram(planFor(direct('/bin/true'), 'inner-setpriv'), filter);
  const { gatePid } = await sandbox.ready;
  expect(unguarded({ ...plan, coveredProcFiles: [] }, gatePid)).toEqual([
    ...['/proc', '/dev/null', '/dev/zero', '/dev/urandom'],
  ]);
  sandbox.kill();
  await sandbox.ended;
});

test('the host’s own device files stay writable and as they were', () => {
  expect(
    spawnSync('sh', ['-c', 'echo x >/dev/null; stat -c %a /dev/null'], { encoding: 'utf8' }).stdout,
  ).toBe('666\n');
});
