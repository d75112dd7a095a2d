import { expect, test } from 'vitest';
import { startTestDaemon } from '../support/daemon.ts';

test('a driver whose user is the broker’s is refused at load (invariant 7)', async () => {
  // The first profile with `user: auto` gets the second number of the range.
  const daemon = startTestDaemon({ settings: 'broker_user: { uid: 70001, gid: 70001 }' });
  await expect(daemon).rejects.toThrow(/Cannot load .*\.yaml: its user 70001:70001 is the broker's/);
});
