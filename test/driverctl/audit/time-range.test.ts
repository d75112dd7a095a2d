import { expect, test } from 'vitest';
import { EVER, isWithin, timeRange } from '../../../src/driverctl/audit/time-range.ts';

const NOW = Date.parse('2026-03-04T15:16:17.890Z');
const since = (text: string): number | null => timeRange({ since: text }, NOW).since;

test('a time is ISO 8601, with the zone of the host where it names none', () => {
  expect(since('2026-01-02T03:04:05.678Z')).toBe(Date.parse('2026-01-02T03:04:05.678Z'));
  expect(since('2026-01-02T03:04:05.678901Z')).toBe(Date.parse('2026-01-02T03:04:05.678Z'));
  expect(since('2026-01-02T03:04Z')).toBe(Date.parse('2026-01-02T03:04:00Z'));
  expect(since('2026-01-02T03:04:05+02:00')).toBe(Date.parse('2026-01-02T01:04:05Z'));
  expect(since('2026-01-02 03:04')).toBe(new Date(2026, 0, 2, 3, 4).getTime());
  expect(since('2026-01-02')).toBe(new Date(2026, 0, 2).getTime());
});

test('a time is so long ago, or a day', () => {
  expect(since('now')).toBe(NOW);
  expect(since('90s')).toBe(NOW - 90_000);
  expect(since('15m')).toBe(NOW - 900_000);
  expect(since('2h')).toBe(NOW - 7_200_000);
  expect(since('3d')).toBe(NOW - 259_200_000);
  expect(since('1w')).toBe(NOW - 604_800_000);
  const today = new Date(NOW);
  today.setHours(0, 0, 0, 0);
  expect(since('today')).toBe(today.getTime());
  const yesterday = new Date(today);
  yesterday.setDate(yesterday.getDate() - 1);
  expect(since('yesterday')).toBe(yesterday.getTime());
});

test.each([
  ...[
    '',
    '2h30m',
    '2 h',
    'h',
    '-2h',
    '2y',
    'tomorrow',
    '2026',
    '2026-13-01',
    '2026-02-30',
    '2026-01-02T25:00',
  ],
  ...['2026-01-02T03', '2026-01-02T03:04:05.Z', '1767323045', '2026-01-02T03:04:05+2'],
])('%j is no time', (text) => {
  expect(() => since(text)).toThrow(`Cannot read --since: ${text} is not a time: today, yesterday, now`);
});

test('a range has both its ends', () => {
  const range = timeRange({ since: '2h', until: '1h' }, NOW);
  expect([range.since, range.until].map((time) => isWithin(range, time))).toEqual([true, true]);
  expect(isWithin(range, NOW)).toBe(false);
  expect(isWithin(range, NOW - 7_200_001)).toBe(false);
  expect(isWithin(range, null)).toBe(false);
  expect(isWithin(EVER, null)).toBe(true);
});
