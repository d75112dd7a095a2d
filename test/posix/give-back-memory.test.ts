import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { giveBackMemory } from '../../src/posix/give-back-memory.ts';

const BLOCKS = 16_384;
/** Small enough for the C library to have it among others. */
const BLOCK_BYTES = 4_096;

function collect(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

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
