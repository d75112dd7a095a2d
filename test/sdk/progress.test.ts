import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { JsonObject } from '../../src/sdk/index.ts';
import { createProgressReporter } from '../../src/sdk/progress.ts';

describe('progress', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('is sent at most ten times a second, the newest each time', () => {
    const sent: JsonObject[] = [];
    const reporter = createProgressReporter((params) => sent.push(params));
    for (let at = 1; at <= 1_000; at += 1) {
      reporter.report(at);
      vi.advanceTimersByTime(1);
    }
    reporter.flush();
    expect(sent.length).toBeLessThanOrEqual(11);
    expect(sent.length).toBeGreaterThanOrEqual(10);
    expect(sent.at(-1)).toEqual({ progress: 1_000 });
  });

  test('is sent by its timer when nothing more is reported', () => {
    const sent: JsonObject[] = [];
    const reporter = createProgressReporter((params) => sent.push(params));
    reporter.report(1, 2, 'one');
    reporter.report(2, 2, 'two');
    expect(sent).toEqual([{ progress: 1, total: 2, message: 'one' }]);
    vi.advanceTimersByTime(100);
    expect(sent.at(-1)).toEqual({ progress: 2, total: 2, message: 'two' });
    reporter.flush();
    expect(sent).toHaveLength(2);
  });

  test('that has no JSON form is left out', () => {
    const sent: JsonObject[] = [];
    const reporter = createProgressReporter((params) => sent.push(params));
    reporter.report(Number.NaN);
    reporter.report(1, Number.POSITIVE_INFINITY);
    expect(sent).toEqual([{ progress: 1 }]);
  });
});
