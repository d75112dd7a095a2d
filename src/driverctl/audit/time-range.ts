import type { Options } from '../command-line.ts';
import { Failure } from '../failure.ts';

/** Both ends belong to it, in milliseconds since 1970; null: it has no such end. */
export interface TimeRange {
  readonly since: number | null;
  readonly until: number | null;
}

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
  ['w', 604_800_000],
]);
/** What ISO 8601 leaves open: a date, a time to the minute or finer, a zone; without one the host's is meant. */
const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})?)?$/;
const FORMS =
  'today, yesterday, now, so long ago (90s, 15m, 2h, 3d, 1w), or ISO 8601 such as 2026-01-02T15:04';

export const EVER: TimeRange = { since: null, until: null };

/**
 * The range that `--since` and `--until` ask for.
 * @param now in milliseconds since 1970
 * @throws Failure (usage) for a time that is none, and for a range that ends before it begins
 */
export function timeRange({ since, until }: Pick<Options, 'since' | 'until'>, now: number): TimeRange {
  const range = {
    since: since === undefined ? null : readTime(since, '--since', now),
    until: until === undefined ? null : readTime(until, '--until', now),
  };
  if (range.since !== null && range.until !== null && range.since > range.until)
    throw new Failure('usage', 'Cannot read --until: it is before --since');
  return range;
}

export function isWithin({ since, until }: TimeRange, time: number | null): boolean {
  if (since === null && until === null) return true;
  return time !== null && (since === null || time >= since) && (until === null || time <= until);
}

function readTime(text: string, option: string, now: number): number {
  const time = namedTime(text, now) ?? timeAgo(text, now) ?? isoTime(text);
  if (time !== null) return time;
  throw new Failure('usage', `Cannot read ${option}: ${text} is not a time: ${FORMS}`);
}

function namedTime(text: string, now: number): number | null {
  if (text === 'now') return now;
  if (text !== 'today' && text !== 'yesterday') return null;
  const day = new Date(now);
  day.setHours(0, 0, 0, 0);
  if (text === 'yesterday') day.setDate(day.getDate() - 1);
  return day.getTime();
}

function timeAgo(text: string, now: number): number | null {
  const [, count = '', unit = ''] = /^(\d{1,9})([a-z])$/.exec(text) ?? [];
  const unitMs = UNIT_MS.get(unit);
  return unitMs === undefined ? null : now - Number(count) * unitMs;
}

/** ISO 8601: a date alone is its first moment. A date that the calendar does not have is none. */
function isoTime(text: string): number | null {
  const parts = ISO.exec(text);
  if (parts === null) return null;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone] = parts;
  const milliseconds = fraction.padEnd(3, '0').slice(0, 3);
  const moment = `${year}-${month}-${day}T${hour}:${minute}:${second}.${milliseconds}`;
  // Date.parse takes 30 February for 2 March.
  const isOfCalendar = new Date(`${moment}Z`).toJSON()?.slice(0, -1) === moment;
  const time = Date.parse(`${moment}${zone ?? ''}`);
  return isOfCalendar && !Number.isNaN(time) ? time : null;
}
