import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type AuditValve, createAuditValve } from '../../../src/monitor/broker/audit-valve.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function start(records: number, bytes: number): { valve: AuditValve; said: string[] } {
  const said: string[] = [];
  const link = { pauseAudit: () => void said.push('pause'), resumeAudit: () => void said.push('resume') };
  return { valve: createAuditValve(link, { records: () => records, bytes: () => bytes }), said };
}

describe('what a broker wants recorded is bounded by the second (invariant 6)', () => {
  test.each([
    ['records', 100, 1_000_000, 1],
    ['bytes', 1_000_000, 1_000, 10],
  ])(
    'in %s: over them the channel is not read until time has paid for them',
    (_what, records, bytes, size) => {
      const { valve, said } = start(records, bytes);
      for (let message = 0; message < 100; message += 1) valve.came(size);
      expect(said).toEqual([]);
      for (let message = 0; message < 150; message += 1) valve.came(size);
      expect(said).toEqual(['pause']);
      // What had been read by then is owed too: a burst does not get more than its share.
      vi.advanceTimersByTime(1_490);
      expect(said).toEqual(['pause']);
      vi.advanceTimersByTime(20);
      expect(said).toEqual(['pause', 'resume']);
    },
  );

  test('a log that is behind holds the channel back too, and neither reason lets go for the other', () => {
    const { valve, said } = start(5_000, 1_000_000);
    const done = Array.from({ length: 1_024 }, () => valve.writing());
    expect(said).toEqual(['pause']);
    for (let message = 0; message < 6_000; message += 1) valve.came(1);
    done.pop()?.();
    expect(said).toEqual(['pause']);
    vi.advanceTimersByTime(300);
    expect(said).toEqual(['pause', 'resume']);
    for (const one of done) one();
    expect(said).toEqual(['pause', 'resume']);
  });
});
