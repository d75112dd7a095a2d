import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  createRefusals,
  type Refusals,
  type RefusalsAggregate,
} from '../../../src/monitor/audit/refusals.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-01-02T03:04:05Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

function make(write: (aggregate: RefusalsAggregate) => unknown): Refusals {
  return createRefusals({ wholePerWindow: 100, windowMs: 10_000, countMs: 100, maximumIdentities: 4, write });
}

function admitMany(refusals: Refusals, uid: number, times: number, reason = 'forbidden'): number {
  let whole = 0;
  for (let time = 0; time < times; time += 1) if (refusals.admit(uid, reason) === 'whole') whole += 1;
  return whole;
}

describe('refusals', () => {
  test('of a flood are whole at first, then counted, and none is dropped (invariant 11, A13)', async () => {
    const written: RefusalsAggregate[] = [];
    const refusals = make((aggregate) => written.push(aggregate));
    let whole = admitMany(refusals, 1000, 600_000);
    vi.advanceTimersByTime(2000);
    whole += admitMany(refusals, 1000, 400_000, 'invalid-params');
    expect(whole).toBe(100);
    await vi.advanceTimersByTimeAsync(8000);
    const [first, second] = ['2026-01-02T03:04:05.000Z', '2026-01-02T03:04:07.000Z'] as const;
    expect(written).toEqual([
      { uid: 1000, total: 599_900, reasons: { forbidden: 599_900 }, from: first, to: first },
      { uid: 1000, total: 400_000, reasons: { 'invalid-params': 400_000 }, from: second, to: second },
    ]);
  });

  test('that are counted are answered when their count is written, or could not be, and not before (invariant 11, A3)', async () => {
    let writing = Promise.withResolvers<void>();
    const written: number[] = [];
    const refusals = make(async ({ total }) => {
      await writing.promise;
      written.push(total);
    });
    const answered: string[] = [];
    const refuse = (name: string): void => {
      const admitted = refusals.admit(1000, 'forbidden');
      if (admitted !== 'whole') void admitted.then(() => answered.push(name));
    };
    admitMany(refusals, 1000, 100);
    refuse('one');
    refuse('another');
    await vi.advanceTimersByTimeAsync(100);
    refuse('a later one');
    expect(answered).toEqual([]);
    writing.resolve();
    writing = Promise.withResolvers();
    await vi.advanceTimersByTimeAsync(0);
    expect([answered, written]).toEqual([['one', 'another'], [2]]);
    await vi.advanceTimersByTimeAsync(100);
    writing.reject(new Error('full'));
    writing = Promise.withResolvers();
    writing.resolve();
    await vi.advanceTimersByTimeAsync(0);
    expect([answered, written]).toEqual([['one', 'another', 'a later one'], [2]]);
    await refusals.close();
    expect(written).toEqual([2, 1]);
  });

  test('of one identity do not take the records of another', async () => {
    const written: RefusalsAggregate[] = [];
    const refusals = make((aggregate) => written.push(aggregate));
    admitMany(refusals, 1000, 5000);
    expect(admitMany(refusals, 1001, 50)).toBe(50);
    await refusals.close();
    expect(written.map(({ uid }) => uid)).toEqual([1000]);
  });

  test('begin anew with every window', async () => {
    const refusals = make(() => undefined);
    expect(admitMany(refusals, 1000, 150)).toBe(100);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(admitMany(refusals, 1000, 150)).toBe(100);
    await refusals.close();
  });

  test('of identities and reasons beyond the limits share a count that says so (invariant 14)', async () => {
    const written: RefusalsAggregate[] = [];
    const refusals = make((aggregate) => written.push(aggregate));
    for (let uid = 0; uid < 1000; uid += 1) refusals.admit(uid, 'forbidden');
    for (let reason = 0; reason < 1000; reason += 1) admitMany(refusals, 1, 1, `r${reason}`);
    await refusals.close();
    expect(written).toHaveLength(2);
    expect(written.find(({ uid }) => uid === null)?.total).toBe(896);
    const one = written.find(({ uid }) => uid === 1);
    expect(Object.keys(one?.reasons ?? {})).toHaveLength(33);
    expect(one?.total).toBe(901);
    expect(Object.values(one?.reasons ?? {}).reduce((sum, count) => sum + count, 0)).toBe(901);
  });

  test('that cannot be written are counted on and written later', async () => {
    const write = vi
      .fn<(aggregate: RefusalsAggregate) => Promise<void>>()
      .mockRejectedValueOnce(new Error('full'));
    const refusals = make(write);
    admitMany(refusals, 1000, 150);
    await vi.advanceTimersByTimeAsync(100);
    admitMany(refusals, 1000, 50);
    await vi.advanceTimersByTimeAsync(100);
    expect(write).toHaveBeenLastCalledWith(
      expect.objectContaining({ uid: 1000, total: 100, from: '2026-01-02T03:04:05.000Z' }),
    );
    await refusals.close();
  });

  test('that cannot be written at the end are an error', async () => {
    const refusals = make(() => Promise.reject(new Error('full')));
    admitMany(refusals, 1000, 101);
    await expect(refusals.close()).rejects.toThrow('full');
    vi.clearAllTimers();
  });
});
