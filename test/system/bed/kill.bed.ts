import { expect, test } from 'vitest';
import { rounds } from '../../support/rounds.ts';
import { installedDriverd, until } from './installed-driverd.ts';
import { sharedBed } from './shared-bed.ts';

const bed = sharedBed('machine');
const driverd = installedDriverd(bed);
const SLEEPERS = 'pgrep -f "^sleep 100[123]" || true';
/** Calls at once that keep it busy while it is killed. */
const CALLERS = 3;

test('after each kill -9 of the monitor under load systemd restarts it, no driver of the old one is alive, and the next call answers (O2)', async () => {
  await driverd.configure({ stubborn: '', catter: '' });
  await driverd.restart();
  // Calls in a loop, each over a connection of its own.
  await bed.write(
    '/run/driverd-test-load',
    '{"jsonrpc":"2.0","id":1,"method":"catter.copy","params":{"text":"load"}}\n',
  );
  const loop =
    'while :; do socat -t 60 - UNIX-CONNECT:/run/driverd/driverd.sock < /run/driverd-test-load; sleep 0.2; done';
  await bed.write('/run/driverd-test-loop', `#!/bin/sh\n${loop}\n`, 0o755);
  for (let caller = 0; caller < CALLERS; caller += 1)
    await bed.sh('setsid /run/driverd-test-loop > /dev/null 2>&1 < /dev/null &');
  try {
    const count = rounds('machineKills');
    for (let round = 1; round <= count; round += 1) {
      await driverd.callInBackground('stubborn.run');
      await until(async () => (await bed.sh(SLEEPERS)).trim().split('\n').length === 2);
      const killed = await driverd.property('MainPID');
      await bed.sh(`kill -9 ${killed}`);
      expect((await driverd.call('catter.copy', { text: `round ${round}` })).result).toMatchObject({
        stdout: `round ${round}`,
      });
      expect(await bed.sh(SLEEPERS)).toBe('');
      expect(await driverd.property('MainPID')).not.toBe(killed);
      expect(await driverd.property('NRestarts')).toBe(String(round));
      console.log(
        `round ${round} of ${count}: restarted, nothing of the old one alive, the next call answered`,
      );
      // Restarts in a row that are ended at once are a storm to systemd (StartLimitBurst=).
      await bed.sh('systemctl reset-failed driverd.service');
    }
  } finally {
    await bed.sh('pkill -f driverd-test-loop || true');
  }
  expect((await bed.run(['driverctl', 'audit', 'verify'])).status).toBe(0);
}, 1_800_000);
