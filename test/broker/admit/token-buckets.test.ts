import { describe, expect, test, vi } from 'vitest';
import { createTokenBuckets, MOST_BUCKETS } from '../../../src/broker/admit/token-buckets.ts';

function clock(): { now: () => number; pass(ms: number): void } {
  let at = 0;
  return {
    now: () => at,
    pass(ms) {
      at += ms;
    },
  };
}

describe('a token bucket', () => {
  test('gives a minute’s tokens at once, and then one after the other as they come', () => {
    const { now, pass } = clock();
    const buckets = createTokenBuckets(now);
    for (let call = 0; call < 10; call += 1) expect(buckets.take('1000 a.b', 10)).toBe(0);
    expect(buckets.take('1000 a.b', 10)).toBe(6000);
    pass(5999);
    expect(buckets.take('1000 a.b', 10)).toBe(1);
    pass(1);
    expect(buckets.take('1000 a.b', 10)).toBe(0);
    expect(buckets.take('1000 a.b', 10)).toBe(6000);
  });

  test('is never fuller than full', () => {
    const { now, pass } = clock();
    const buckets = createTokenBuckets(now);
    expect(buckets.take('a', 2)).toBe(0);
    pass(3_600_000);
    expect([1, 2, 3].map(() => buckets.take('a', 2) > 0)).toEqual([false, false, true]);
  });

  test('is there for each key alone', () => {
    const buckets = createTokenBuckets(clock().now);
    expect(buckets.take('1000 a.b', 1)).toBe(0);
    expect(buckets.take('1000 a.b', 1)).toBeGreaterThan(0);
    expect(buckets.take('1001 a.b', 1)).toBe(0);
    expect(buckets.take('1000 a.c', 1)).toBe(0);
  });

  test('is filled by a clock that nobody sets: a step of the host’s gives no token (O6)', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const buckets = createTokenBuckets();
    expect(buckets.take('a', 1)).toBe(0);
    vi.setSystemTime(Date.now() + 86_400_000);
    expect(buckets.take('a', 1)).toBeGreaterThan(0);
    vi.setSystemTime(0);
    expect(buckets.take('a', 1)).toBeLessThanOrEqual(60_000);
    vi.useRealTimers();
  });

  test('takes a lower limit at once', () => {
    const buckets = createTokenBuckets(clock().now);
    expect(buckets.take('a', 1000)).toBe(0);
    expect(buckets.take('a', 1)).toBe(0);
    expect(buckets.take('a', 1)).toBeGreaterThan(0);
  });
});

describe('buckets', () => {
  test('are forgotten once they are full again, and not before: forgetting one would give its tokens back', () => {
    const { now, pass } = clock();
    const buckets = createTokenBuckets(now, 2);
    expect(buckets.take('a', 1)).toBe(0);
    pass(1);
    expect(buckets.take('b', 1)).toBe(0);
    expect(buckets.take('c', 1)).toBe(59_999);
    expect(buckets.size).toBe(2);
    pass(59_999);
    expect(buckets.take('c', 1)).toBe(0);
    expect(buckets.take('b', 1)).toBe(1);
    expect(buckets.size).toBe(2);
  });

  test('are bounded: a million keys take no more than the most there may be (Z13)', () => {
    const { now, pass } = clock();
    const buckets = createTokenBuckets(now);
    for (let key = 0; key < 1_000_000; key += 1) {
      buckets.take(String(key), 6000);
      pass(0.01);
    }
    expect(buckets.size).toBeLessThanOrEqual(MOST_BUCKETS);
  });

  test('make room by the one that was used longest ago, in any order of use', () => {
    for (let round = 0; round < 1_000; round += 1) {
      const { now, pass } = clock();
      const buckets = createTokenBuckets(now, 4);
      // The same with a list: a call a minute, so what was used a minute ago is full.
      let used: { readonly key: string; readonly at: number }[] = [];
      for (let step = 0; step < 60; step += 1) {
        pass(Math.floor(Math.random() * 45_000));
        const key = 'abcdefgh'.charAt(Math.floor(Math.random() * 8));
        const found = used.find((one) => one.key === key);
        const [oldest] = used;
        const isFull = (at: number): boolean => now() - at >= 60_000;
        const mayEnter =
          found !== undefined || used.length < 4 || (oldest !== undefined && isFull(oldest.at));
        const given = buckets.take(key, 1) === 0;
        expect(given).toBe(mayEnter && (found === undefined || isFull(found.at)));
        if (!given && found === undefined) continue;
        // What it has left is no whole number any more.
        if (!given) break;
        if (found === undefined && used.length === 4) used = used.slice(1);
        used = [...used.filter((one) => one.key !== key), { key, at: now() }];
      }
    }
  });
});
