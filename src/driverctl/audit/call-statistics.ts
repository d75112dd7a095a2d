import { isJsonObject } from '../../shared/json-value.ts';
import { type CallEnd, callEnd, type Outcome, refusalEnd } from './call-outcome.ts';
import { createLatencies, type Latencies } from './latencies.ts';
import type { RecordView } from './record-view.ts';
import { driverIn, methodIn, tookIn, uidIn } from './record-words.ts';

/** Most drivers, methods and callers that are told apart, each; what comes later is counted together. */
export const GROUPS_MAXIMUM = 2_000;
/** Most words of ends that are told apart. */
const WORDS_MAXIMUM = 64;
const OTHER_WORD = 'other';

/** What came of calls. */
export interface CallCounts {
  calls: number;
  /** How many had each outcome; their sum is `calls`. */
  readonly outcomes: { [Name in Outcome]: number };
  /** Of calls that ran to an end, as the monitor saw them. */
  readonly latencies: Latencies;
}

export interface CallStatistics {
  readonly all: CallCounts;
  /** How many ended with each word. */
  readonly ends: ReadonlyMap<string, number>;
  /** How many of them, all refusals, have no record of their own, since they came in a flood. */
  readonly counted: number;
  /** null: those of no known name, and those beyond GROUPS_MAXIMUM. */
  readonly drivers: ReadonlyMap<string | null, CallCounts>;
  readonly methods: ReadonlyMap<string | null, CallCounts>;
  readonly callers: ReadonlyMap<number | null, CallCounts>;
}

/** Sums records up, in memory bounded by the groups. */
export interface CallCounter {
  add(view: RecordView): void;
  readonly statistics: CallStatistics;
}

export function createCallCounter(): CallCounter {
  const all = emptyCounts();
  const ends = new Map<string, number>();
  const drivers = new Map<string | null, CallCounts>();
  const methods = new Map<string | null, CallCounts>();
  const callers = new Map<number | null, CallCounts>();
  let counted = 0;

  function count({ outcome, word }: CallEnd, number: number, groups: readonly CallCounts[]): void {
    const known = word !== null && (ends.has(word) || ends.size < WORDS_MAXIMUM) ? word : OTHER_WORD;
    ends.set(known, (ends.get(known) ?? 0) + number);
    for (const counts of groups) {
      counts.calls += number;
      counts.outcomes[outcome] += number;
    }
  }

  return {
    add(view) {
      const end = callEnd(view);
      if (end !== null) {
        const driver = groupOf(drivers, driverIn(view));
        const groups = [all, driver, groupOf(methods, methodIn(view)), groupOf(callers, uidIn(view))];
        count(end, 1, groups);
        const took = view.event === 'call-end' ? tookIn(view) : null;
        if (took !== null) for (const { latencies } of groups) latencies.add(took);
      } else if (view.event === 'refusals') {
        for (const [reason, number] of refusalsIn(view)) {
          const refused = refusalEnd(reason);
          if (refused === null) continue;
          counted += number;
          const nameless = [groupOf(drivers, null), groupOf(methods, null)];
          count(refused, number, [all, ...nameless, groupOf(callers, uidIn(view))]);
        }
      }
    },
    get statistics() {
      return { all, ends, counted, drivers, methods, callers };
    },
  };
}

function emptyCounts(): CallCounts {
  const outcomes = { ok: 0, failed: 0, denied: 0, invalid: 0, refused: 0 };
  return { calls: 0, outcomes, latencies: createLatencies() };
}

function groupOf<Key>(groups: Map<Key | null, CallCounts>, key: Key | null): CallCounts {
  const name = groups.has(key) || groups.size < GROUPS_MAXIMUM ? key : null;
  const known = groups.get(name);
  if (known !== undefined) return known;
  const counts = emptyCounts();
  groups.set(name, counts);
  return counts;
}

function refusalsIn({ claims }: RecordView): [string, number][] {
  const { reasons } = claims;
  if (!isJsonObject(reasons)) return [];
  return Object.keys(reasons).flatMap((reason) => {
    const number = reasons[reason];
    return typeof number === 'number' && Number.isSafeInteger(number) && number > 0
      ? [[reason, number] satisfies [string, number]]
      : [];
  });
}
