import { describe, expect, test } from 'vitest';
import {
  createLimiter,
  type Entry,
  type Limiter,
  type PlaceLimits,
} from '../../../src/broker/admit/limiter.ts';
import { createEarlyEnd } from '../../../src/broker/connection/early-end.ts';

const WIDE: PlaceLimits = {
  ...{ in_flight: 100, in_flight_per_identity: 100, in_flight_per_driver: 100 },
  ...{ queued: 100, queued_per_identity: 100, queued_per_driver: 100, queue_ms: 600_000 },
};
const stays = createEarlyEnd();

async function entered(entry: Entry | Promise<Entry>): Promise<() => void> {
  const got = await entry;
  if (got.kind !== 'entered') throw new Error(`Cannot go on: the call is ${got.kind}`);
  return got.release;
}

/** Notes who enters, in order; each stays until it is released. */
function arrivals(limiter: Limiter, limits: PlaceLimits) {
  const order: string[] = [];
  const releases: (() => void)[] = [];
  return {
    order,
    arrive(uid: number, name: string, driver = 'd'): void {
      void Promise.resolve(limiter.enter(uid, driver, limits, stays)).then((entry) => {
        order.push(entry.kind === 'entered' ? name : `${name} ${entry.kind}`);
        if (entry.kind === 'entered') releases.push(entry.release);
      });
    },
    async settle(): Promise<void> {
      await new Promise((resolve) => setImmediate(resolve));
    },
    async leaveOne(): Promise<void> {
      releases.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

describe('places', () => {
  const limited: readonly (readonly [string, Partial<PlaceLimits>, readonly [number, string], boolean])[] = [
    ['in all', { in_flight: 1 }, [2, 'b'], false],
    ['of an identity', { in_flight_per_identity: 1 }, [1, 'b'], false],
    ['of an identity leave others theirs', { in_flight_per_identity: 1 }, [2, 'a'], true],
    ['of a driver', { in_flight_per_driver: 1 }, [2, 'a'], false],
    ['of a driver leave others theirs', { in_flight_per_driver: 1 }, [1, 'b'], true],
  ];
  test.each(limited)('%s are limited', async (_what, more, [uid, driver], enters) => {
    const limiter = createLimiter();
    const limits = { ...WIDE, ...more, queue_ms: 0 };
    const release = await entered(limiter.enter(1, 'a', limits, stays));
    expect((await limiter.enter(uid, driver, limits, stays)).kind).toBe(enters ? 'entered' : 'full');
    if (enters) return;
    release();
    expect((await limiter.enter(uid, driver, limits, stays)).kind).toBe('entered');
  });

  test('that are given back twice count once', async () => {
    const limiter = createLimiter();
    const release = await entered(limiter.enter(1, 'a', WIDE, stays));
    await entered(limiter.enter(1, 'a', WIDE, stays));
    release();
    release();
    expect(limiter.inFlight).toBe(1);
  });
});

describe('who waits', () => {
  test('enters in order, and identities take turns: one with many waiting does not hold up another', async () => {
    const limiter = createLimiter();
    const calls = arrivals(limiter, { ...WIDE, in_flight: 1 });
    for (const name of ['a1', 'a2', 'a3', 'a4']) calls.arrive(1, name);
    calls.arrive(2, 'b1');
    calls.arrive(2, 'b2');
    await calls.settle();
    for (let left = 0; left < 6; left += 1) await calls.leaveOne();
    expect(calls.order).toEqual(['a1', 'a2', 'b1', 'a3', 'b2', 'a4']);
    expect([limiter.inFlight, limiter.waiting]).toEqual([0, 0]);
  });

  test('is passed by who waits for another driver', async () => {
    const limiter = createLimiter();
    const calls = arrivals(limiter, { ...WIDE, in_flight: 2, in_flight_per_driver: 1 });
    calls.arrive(1, 'slow', 'slow');
    calls.arrive(1, 'slow 2', 'slow');
    calls.arrive(1, 'fast', 'fast');
    await calls.settle();
    expect(calls.order).toEqual(['slow', 'fast']);
  });

  const rooms: readonly (readonly [string, Partial<PlaceLimits>, number, string])[] = [
    ['in all', { queued: 1 }, 3, 'b'],
    ['of one identity', { queued_per_identity: 1 }, 2, 'b'],
    ['for one driver', { queued_per_driver: 1 }, 3, 'a'],
  ];
  test.each(rooms)('is bounded %s', async (_what, more, uid, driver) => {
    const limiter = createLimiter();
    const calls = arrivals(limiter, { ...WIDE, ...more, in_flight: 1 });
    calls.arrive(1, 'inside', 'a');
    calls.arrive(2, 'waits', 'a');
    calls.arrive(uid, 'comes', driver);
    await calls.settle();
    expect(calls.order).toEqual(['inside', 'comes full']);
    await calls.leaveOne();
    expect(calls.order).toEqual(['inside', 'comes full', 'waits']);
  });

  test('is turned away after its time, and forgotten', async () => {
    const limiter = createLimiter();
    const limits = { ...WIDE, in_flight: 1, queue_ms: 20 };
    const release = await entered(limiter.enter(1, 'a', limits, stays));
    expect(await limiter.enter(2, 'a', limits, stays)).toEqual({ kind: 'full' });
    expect(limiter.waiting).toBe(0);
    release();
    expect(limiter.inFlight).toBe(0);
  });

  test.each(['disconnected', 'cancelled'] as const)(
    'that is %s leaves at once, and takes no place',
    async (why) => {
      const limiter = createLimiter();
      const limits = { ...WIDE, in_flight: 1 };
      const early = createEarlyEnd();
      const release = await entered(limiter.enter(1, 'a', limits, stays));
      const waits = limiter.enter(2, 'a', limits, early);
      early.end(why);
      expect(await waits).toEqual({ kind: 'ended', why });
      release();
      expect([limiter.inFlight, limiter.waiting]).toEqual([0, 0]);
      expect(await limiter.enter(2, 'a', limits, early)).toEqual({ kind: 'ended', why });
    },
  );

  test('keeps nothing of who is gone: a hundred thousand calls of as many uids and drivers leave no count', async () => {
    const limiter = createLimiter();
    for (let call = 0; call < 100_000; call += 1) {
      const entry = await limiter.enter(call, `d${call}`, WIDE, stays);
      if (entry.kind === 'entered') entry.release();
    }
    expect(limiter.inFlight).toBe(0);
    await limiter.whenIdle();
  });
});
