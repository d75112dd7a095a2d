import { randomFillSync } from 'node:crypto';

/** How many random bytes are fetched at once: one fetch costs as much as the rest of what an identifier takes, and more. */
const FETCHED_BYTES = 4_096;

const fetched = Buffer.alloc(FETCHED_BYTES);
let used = FETCHED_BYTES;

/**
 * Random bytes for what has to be unique and is no secret: they lay in memory before.
 *
 * @param count from 1 to 4096
 * @returns bytes that stand until the next call
 */
export function takeRandomBytes(count: number): Buffer {
  if (used + count > FETCHED_BYTES) {
    randomFillSync(fetched);
    used = 0;
  }
  used += count;
  return fetched.subarray(used - count, used);
}
