import type { JsonObject } from '../../shared/json-value.ts';
import { escapeForTerminal } from '../../shared/terminal/escape.ts';
import type { Report } from '../invocation.ts';
import { durationText } from '../print/duration.ts';
import { tableLines } from '../print/table.ts';
import type { Accounts } from './accounts.ts';
import type { CallCounts, CallStatistics } from './call-statistics.ts';

/** Rows of each table for eyes; all are there in JSON. */
const ROWS_SHOWN = 20;
const HEADINGS = ['CALLS', 'OK', 'FAILED', 'DENIED', 'INVALID', 'REFUSED', 'P50', 'P95', 'P99', 'MAX'];
const NONE = '-';
const NAMELESS = '(others)';

type Group<Key> = readonly [Key, CallCounts];

/** Statistics of calls, for eyes and as JSON; the groups with the most calls first. */
export function statisticsReport(statistics: CallStatistics, accounts: Accounts): Report {
  const { all, counted } = statistics;
  const drivers = mostFirst(statistics.drivers);
  const methods = mostFirst(statistics.methods);
  const callers = mostFirst(statistics.callers);
  const ends = [...statistics.ends].sort(([, one], [, other]) => other - one);
  const callerName = (uid: number): string => `${accounts.user(uid) ?? NONE} (${uid})`;
  return {
    json: {
      ...countsJson(all),
      counted,
      ends: Object.fromEntries(ends),
      drivers: drivers.map(([driver, counts]) => ({ driver, ...countsJson(counts) })),
      methods: methods.map(([method, counts]) => ({ method, ...countsJson(counts) })),
      callers: callers.map(([uid, counts]) => ({
        uid,
        user: uid === null ? null : accounts.user(uid),
        ...countsJson(counts),
      })),
    },
    human: () =>
      [
        ...tableLines([HEADINGS, cells(all)]),
        `of them ${counted} refusals without a record of their own`,
        '',
        ...tableLines([
          ['END', 'CALLS'],
          ...ends.map(([word, number]) => [escapeForTerminal(word), String(number)]),
        ]),
        ...groupLines('DRIVER', drivers, (name) => name),
        ...groupLines('METHOD', methods, (name) => name),
        ...groupLines('CALLER', callers, callerName),
        '',
      ].join('\n'),
  };
}

function mostFirst<Key>(groups: ReadonlyMap<Key, CallCounts>): Group<Key>[] {
  return [...groups].sort(([, one], [, other]) => other.calls - one.calls);
}

function countsJson({ calls, outcomes, latencies }: CallCounts): JsonObject {
  const [p50, p95, p99] = quantiles(latencies);
  return {
    calls,
    ...outcomes,
    latency_us: { count: latencies.count, p50, p95, p99, max: latencies.count === 0 ? null : latencies.max },
  };
}

function quantiles(latencies: CallCounts['latencies']): [number | null, number | null, number | null] {
  return [latencies.quantile(0.5), latencies.quantile(0.95), latencies.quantile(0.99)];
}

function cells({ calls, outcomes, latencies }: CallCounts): string[] {
  const { ok, failed, denied, invalid, refused } = outcomes;
  const max = latencies.count === 0 ? null : latencies.max;
  return [
    ...[calls, ok, failed, denied, invalid, refused].map(String),
    ...[...quantiles(latencies), max].map((value) => (value === null ? NONE : durationText(value))),
  ];
}

function groupLines<Key>(
  heading: string,
  groups: readonly Group<Key | null>[],
  nameOf: (key: Key) => string,
): string[] {
  const rows = groups
    .slice(0, ROWS_SHOWN)
    .map(([key, counts]) => [key === null ? NAMELESS : escapeForTerminal(nameOf(key)), ...cells(counts)]);
  const more = groups.length - rows.length;
  return [
    '',
    ...tableLines([[heading, ...HEADINGS], ...rows]),
    ...(more > 0 ? [`and ${more} more, which are there with --json`] : []),
  ];
}
