import { randomFillSync } from 'node:crypto';

/** How many random bytes are fetched at once: one fetch costs as much as the rest of what an identifier takes, and more. */
const FETCHED_BYTES = 4_096;

const fetched = Buffer.alloc(FETCHED_BYTES);
let used = FETCHED_BYTES;

/**
 * Random bytes, in hexadecimal, for what has to be unique and is no secret: they lay in memory before.
 *
 * @param count of bytes, from 1 to 4096
 */
export function takeRandomHex(count: number): string {
  if (used + count > FETCHED_BYTES) {
    randomFillSync(fetched);
    used = 0;
  }
  used += count;
  return fetched.toString('hex', used - count, used);
}
