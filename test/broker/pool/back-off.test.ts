import { expect, test } from 'vitest';
import { createBackOff } from '../../../src/broker/pool/back-off.ts';

test('each failure doubles the wait up to half a minute, and a success ends it', () => {
  let now = 0;
  const backOff = createBackOff(() => now);
  const waits = Array.from({ length: 12 }, () => {
    now += backOff.waitMs;
    backOff.failed();
    return backOff.waitMs;
  });
  expect(waits.slice(0, 5)).toEqual([100, 200, 400, 800, 1_600]);
  expect(waits.at(-1)).toBe(30_000);
  now += 29_000;
  expect(backOff.waitMs).toBe(1_000);
  now += 2_000;
  expect([backOff.waitMs, backOff.failures]).toEqual([0, 12]);
  backOff.succeeded();
  backOff.failed();
  expect([backOff.waitMs, backOff.failures]).toEqual([100, 1]);
});

test('what fails side by side is one failure: one cause does not have many processes given up at once', () => {
  let now = 0;
  const backOff = createBackOff(() => now);
  for (let process = 0; process < 16; process += 1) backOff.failed();
  expect([backOff.waitMs, backOff.failures]).toEqual([100, 1]);
  now = 100;
  backOff.failed();
  expect([backOff.waitMs, backOff.failures]).toEqual([200, 2]);
});
