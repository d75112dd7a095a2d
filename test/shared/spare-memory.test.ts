import { setTimeout as wait } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { spareMemory } from '../../src/shared/spare-memory.ts';
import { patience } from '../support/patience.ts';

const MEBIBYTE = 1_048_576;

function counted(): { readonly times: () => number } {
  let times = 0;
  onTestFinished(
    spareMemory(() => {
      times += 1;
    }),
  );
  return { times: () => times };
}

test('memory is given back once pages were taken and little else is done, and then not again', async () => {
  const { times } = counted();
  const taken = Buffer.alloc(16 * MEBIBYTE, 1);
  await expect.poll(times, { timeout: 10_000 * patience }).toBeGreaterThan(0);
  expect(taken.length).toBe(16 * MEBIBYTE);
});

test('a thread that is busy gives nothing back: it would take it again', async () => {
  const { times } = counted();
  const until = performance.now() + 2_500;
  while (performance.now() < until) {
    Buffer.alloc(MEBIBYTE, 1);
    // The timer's turn comes, and finds that there was no idle time.
    await wait(0);
    const busyUntil = performance.now() + 20;
    while (performance.now() < busyUntil);
  }
  expect(times()).toBe(0);
});
