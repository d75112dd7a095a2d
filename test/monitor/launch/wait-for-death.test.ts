import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import { isDeadSoon, whenDead } from '../../../src/monitor/launch/wait-for-death.ts';
import { openPidfd } from '../../../src/posix/pidfd.ts';
import { processHasEnded } from '../../../src/posix/poll.ts';

test('a first process that lives on is killed, and counts as dead only when it is (invariant 9)', async () => {
  const process = spawn('/bin/sleep', ['1008'], { stdio: 'ignore' });
  const pidfd = openPidfd(process.pid ?? -1);
  expect(processHasEnded(pidfd.number, 1)).toBe(false);
  // However long its death takes: it is on its way.
  isDeadSoon(pidfd);
  await new Promise<void>((dead) => whenDead(pidfd, dead));
  expect(processHasEnded(pidfd.number)).toBe(true);
  pidfd.close();
});

test('without a first process nothing is waited for, and nothing is known to be dead', () => {
  let isCalled = false;
  whenDead(undefined, () => {
    isCalled = true;
  });
  expect([isDeadSoon(undefined), isCalled]).toEqual([false, true]);
});
