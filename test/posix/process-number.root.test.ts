import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { startProcess } from '../../src/posix/start-process.ts';

/** Whoever else starts a process may take the number first. */
const TRIES = 100;
const STREAMS = ['ignore', 'ignore', 'ignore'] as const;

test('a process that has ended is not killed again where its number is another’s by then', async () => {
  for (let left = TRIES; left > 0; left -= 1) {
    const first = startProcess(['/bin/true'], STREAMS);
    await first.ended;
    // proc(5): the next process has the number behind this one.
    writeFileSync('/proc/sys/kernel/ns_last_pid', String(first.pid - 1));
    const second = startProcess(['/bin/sleep', '0.1'], STREAMS);
    const isReused = second.pid === first.pid;
    first.killGroup();
    expect(await second.ended).toEqual({ status: 0, wasKilled: false });
    if (isReused) return;
  }
  expect.unreachable('no number was used again');
});
