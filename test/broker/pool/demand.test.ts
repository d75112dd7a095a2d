import { expect, test } from 'vitest';
import { createDemand, DEMAND_WINDOW_MS } from '../../../src/broker/pool/demand.ts';

test('what came at once counts for this window and the next, and no longer', () => {
  let now = 0;
  const demand = createDemand(() => now);
  for (let call = 0; call < 5; call += 1) demand.began();
  for (let call = 0; call < 5; call += 1) demand.ended();
  demand.began();
  demand.ended();
  expect(demand.peak).toBe(5);
  now = DEMAND_WINDOW_MS * 1.5;
  expect(demand.peak).toBe(5);
  now = DEMAND_WINDOW_MS * 2.5;
  expect(demand.peak).toBe(0);
});

test('calls that go on count in every window that they are in', () => {
  let now = 0;
  const demand = createDemand(() => now);
  demand.began();
  demand.began();
  now = DEMAND_WINDOW_MS * 10;
  expect(demand.peak).toBe(2);
  demand.ended();
  now = DEMAND_WINDOW_MS * 12.5;
  expect(demand.peak).toBe(1);
});

test('calls that were there before it was take nothing away from those that come', () => {
  const demand = createDemand(() => 0);
  for (let call = 0; call < 5; call += 1) demand.ended();
  demand.began();
  demand.began();
  expect(demand.peak).toBe(2);
});
