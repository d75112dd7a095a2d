import { expect, test } from 'vitest';
import { createClock } from '../../../src/monitor/audit/clock.ts';

function makeSources(): {
  wall: number;
  monotonic: bigint;
  readonly sources: Parameters<typeof createClock>[0];
} {
  const state = {
    wall: Date.parse('2026-01-02T03:04:05.000Z'),
    monotonic: 5_000_000_000n,
    sources: {
      wallMilliseconds: () => state.wall,
      monotonicNanoseconds: () => state.monotonic,
      boot: 'c5456ee4-1f33-4d89-8ae4-378f00b84f8f',
      host: 'web-1',
      writer: 7,
    },
  };
  return state;
}

test('the time has the microseconds of the monotonic clock', () => {
  const state = makeSources();
  const clock = createClock(state.sources);
  state.monotonic += 1_234_567n;
  state.wall += 1;
  expect(clock.now()).toMatchObject({
    time: '2026-01-02T03:04:05.001234Z',
    monotonicNanoseconds: '5001234567',
  });
});

test.each([
  ['forward', '2027-01-01T00:00:00.500Z', '2027-01-01T00:00:00.500000Z'],
  ['back', '2025-12-31T23:59:59.999Z', '2025-12-31T23:59:59.999000Z'],
  ['to 1970', '1970-01-01T00:00:00.000Z', '1970-01-01T00:00:00.000000Z'],
])('a clock set %s shows at once, while the monotonic one goes on (A15)', (_title, set, expected) => {
  const state = makeSources();
  const clock = createClock(state.sources);
  state.wall = Date.parse(set);
  state.monotonic += 1000n;
  expect(clock.now()).toMatchObject({ time: expected, monotonicNanoseconds: '5000001000' });
  state.monotonic += 250_000n;
  expect(clock.now().time).toBe(expected.replace('000Z', '250Z'));
});
