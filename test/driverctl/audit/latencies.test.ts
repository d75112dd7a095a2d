import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLatencies } from '../../../src/driverctl/audit/latencies.ts';

test('a quantile is that of the values, at most 1.6 % too long', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.nat(200), fc.nat(5_000_000), fc.maxSafeNat()), { minLength: 1, maxLength: 300 }),
      fc.constantFrom(0.01, 0.5, 0.95, 0.99, 1),
      (values, share) => {
        const latencies = createLatencies();
        for (const value of values) latencies.add(value);
        const sorted = values.toSorted((one, other) => one - other);
        const exact = sorted[Math.ceil(share * values.length) - 1] ?? Number.NaN;
        const told = latencies.quantile(share) ?? Number.NaN;
        expect(told).toBeGreaterThanOrEqual(exact);
        expect(told).toBeLessThanOrEqual(exact * (1 + 1 / 64));
        expect(latencies.max).toBe(sorted.at(-1));
      },
    ),
  );
});

test('what a log may hold besides whole numbers is counted as near as can be, or not at all', () => {
  const latencies = createLatencies();
  expect(latencies.quantile(0.5)).toBeNull();
  for (const value of [-5, 0.4, 1e300, Number.NaN, Number.POSITIVE_INFINITY]) latencies.add(value);
  expect(latencies.count).toBe(4);
  expect(latencies.quantile(0.5)).toBe(0);
  expect(latencies.max).toBe(Number.MAX_SAFE_INTEGER);
});
