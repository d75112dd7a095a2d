import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { paceProgress } from '../../../src/broker/launch/progress-pace.ts';
import type { JsonObject } from '../../../src/shared/json-value.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

interface Sent {
  readonly progress: JsonObject;
  readonly isLast: boolean;
}

/** A caller that reads, or not. */
function played(): { sent: Sent[]; reads: boolean; send(progress: JsonObject, isLast: boolean): boolean } {
  const sent: Sent[] = [];
  const caller = {
    sent,
    reads: true,
    send(progress: JsonObject, isLast: boolean): boolean {
      if (!caller.reads && !isLast) return false;
      sent.push({ progress, isLast });
      return true;
    },
  };
  return caller;
}

test('a thousand reports in a second become ten, the newest each time, and the last is sent', () => {
  const caller = played();
  const pace = paceProgress(caller.send);
  for (let at = 1; at <= 1_000; at += 1) {
    pace.report({ progress: at });
    vi.advanceTimersByTime(1);
  }
  pace.end();
  expect(caller.sent.length).toBeGreaterThanOrEqual(10);
  expect(caller.sent.length).toBeLessThanOrEqual(11);
  expect(caller.sent.at(-1)?.progress).toEqual({ progress: 1_000 });
});

test('where the caller does not read, one report waits, and the end sends it', () => {
  const caller = played();
  const pace = paceProgress(caller.send);
  pace.report({ progress: 1 });
  caller.reads = false;
  for (let at = 2; at <= 50; at += 1) {
    vi.advanceTimersByTime(100);
    pace.report({ progress: at });
  }
  expect(caller.sent).toHaveLength(1);
  pace.end();
  expect(caller.sent.slice(1)).toEqual([{ progress: { progress: 50 }, isLast: true }]);
  vi.advanceTimersByTime(1_000);
  expect(caller.sent).toHaveLength(2);
});

test('a caller that reads again is told without another report', () => {
  const caller = played();
  caller.reads = false;
  const pace = paceProgress(caller.send);
  pace.report({ progress: 1 });
  caller.reads = true;
  vi.advanceTimersByTime(100);
  expect(caller.sent).toEqual([{ progress: { progress: 1 }, isLast: false }]);
  pace.end();
  expect(caller.sent).toHaveLength(1);
});
