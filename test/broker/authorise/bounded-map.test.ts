import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { createBoundedMap } from '../../../src/broker/authorise/bounded-map.ts';
import { CACHED_METHODS } from '../../../src/broker/authorise/policy-limits.ts';
import { caller, load } from './fixtures.ts';

describe('a bounded map', () => {
  test('forgets the entry used longest ago', () => {
    const map = createBoundedMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    expect(map.get('a')).toBe(1);
    map.set('c', 3);
    expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([1, undefined, 3]);
  });

  test('replaces a value without forgetting another', () => {
    const map = createBoundedMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    map.set('b', 3);
    expect([map.get('a'), map.get('b'), map.size]).toEqual([1, 3, 2]);
  });

  test('stays within its capacity over a million keys (Z13)', () => {
    const map = createBoundedMap<number, true>(1000);
    for (let key = 0; key < 1_000_000; key += 1) map.set(key, true);
    expect(map.size).toBe(1000);
  });
});

/** Bytes that are still reachable, WebAssembly's with them; what only waits to be collected does not count. */
function memoryInUse(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe('remembered decisions', () => {
  test('do not grow memory over 300,000 distinct methods, drivers and identities (Z13)', () => {
    const policy = load('permit(principal in User::"bob", action, resource);');
    const flood = (from: number): void => {
      const who = caller();
      for (let index = from; index < from + 100_000; index += 1) {
        policy.callable(who, `disk.x${index}`);
        policy.coversDriver(who, `x${index}`);
        policy.callable(caller({ uid: index }), 'disk.usage');
      }
    };
    flood(0);
    const before = memoryInUse();
    for (let round = 1; round <= 2; round += 1) flood(round * 100_000);
    expect(memoryInUse() - before).toBeLessThan(16 * 1024 * 1024);
    policy.release();
  });

  test('give the same answers after they were forgotten', () => {
    const policy = load('permit(principal, action in Action::"disk", resource);');
    for (let round = 0; round < 2; round += 1) {
      for (let index = 0; index <= CACHED_METHODS; index += 1) policy.callable(caller(), `disk.x${index}`);
      expect(policy.callable(caller(), 'disk.usage')).toBe(true);
      expect(policy.callable(caller(), 'host.info')).toBe(false);
    }
    policy.release();
  });
});
