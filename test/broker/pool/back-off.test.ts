import { expect, test } from 'vitest';
import { createBackOff } from '../../../src/broker/pool/back-off.ts';

test('each failure doubles the wait up to half a minute, and a success ends it', () => {
  let now = 0;
  const backOff = createBackOff(() => now);
  const waits = Array.from({ length: 12 }, () => {
    backOff.failed();
    return backOff.waitMs;
  });
  expect(waits.slice(0, 5)).toEqual([100, 200, 400, 800, 1_600]);
  expect(waits.at(-1)).toBe(30_000);
  now = 29_000;
  expect(backOff.waitMs).toBe(1_000);
  now = 31_000;
  expect([backOff.waitMs, backOff.failures]).toEqual([0, 12]);
  backOff.succeeded();
  backOff.failed();
  expect([backOff.waitMs, backOff.failures]).toEqual([100, 1]);
});
