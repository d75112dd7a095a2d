import { setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, onTestFinished, test } from 'vitest';
import { giveBackMemory, spareMemory } from '../../src/posix/spare-memory.ts';
import { patience } from '../support/patience.ts';

const MEBIBYTE = 1_048_576;
const BLOCKS = 16_384;
/** Small enough for the C library to have it among others. */
const BLOCK_BYTES = 4_096;

function collect(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

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

test('pages of blocks that were freed below one in use go back to the kernel', async () => {
  let blocks: Buffer[] = Array.from({ length: BLOCKS }, () => Buffer.allocUnsafeSlow(BLOCK_BYTES).fill(1));
  const last = Buffer.allocUnsafeSlow(BLOCK_BYTES).fill(1);
  const before = process.memoryUsage.rss();
  blocks = [];
  collect();
  // V8 frees what arrays held on another thread.
  await expect
    .poll(() => {
      giveBackMemory();
      return before - process.memoryUsage.rss();
    })
    .toBeGreaterThan((BLOCKS * BLOCK_BYTES) / 2);
  expect([blocks.length, last.length]).toEqual([0, BLOCK_BYTES]);
});
