import { CLAIMS_EVENTS, checkClaims } from '../../src/shared/audit/claims.ts';
import type { AuditRecord } from '../../src/shared/audit/record.ts';
import type { Heard } from './callers.ts';
import { recordProblem } from './record-schema.ts';

/** What a log has told so far of calls, from its first record on. */
export interface CallStory {
  /** Takes the next record, in the log's order. */
  take(record: AuditRecord): void;
  /** How many records there were of an event. */
  count(event: string): number;
  /** Calls that have an intent and no end. */
  readonly open: number;
  /** Intents that were closed as interrupted, by why. */
  readonly interrupted: ReadonlyMap<string, number>;
  /** Launches that were let run, and that the monitor lived to see the end of. */
  readonly handOvers: number;
  /** Recoveries and rotations, by why. */
  readonly recoveries: ReadonlyMap<string, number>;
  readonly rotations: ReadonlyMap<string, number>;
  /** Everything that should not be, since the last look. */
  takeFaults(): readonly string[];
  /** Holds what callers were answered, and what a driver did, against the records. */
  hold(heard: readonly Heard[], acts: readonly string[]): Held;
}

/** How much of it is borne out. */
export interface Held {
  /** Replies whose call ended on record as they say. */
  readonly replies: number;
  /** Refusals that stand in the counts of a flood (invariant 11). */
  readonly counted: number;
  /**
   * Replies that say themselves that nothing, or no outcome, could be recorded, and refusals at such a time, which are
   * counted on record as one (invariant 11): the disk did not answer for a while.
   */
  readonly unrecorded: number;
  /** Acts of calls whose intent is on record. */
  readonly acts: number;
}

interface End {
  readonly event: string;
  readonly code: unknown;
}

const ENDS: ReadonlySet<string> = new Set(['call-end', 'interrupted', 'denied', 'invalid', 'refused']);

const UNRECORDED: ReadonlySet<string | null> = new Set(['audit-unavailable', 'outcome-unrecorded']);
/** What calls are refused with that have no intent. */
const REFUSALS: ReadonlySet<string | null> = new Set([
  ...['forbidden', 'invalid-params', 'parse-error', 'invalid-request'],
]);

function saysUnrecorded({ reason }: Heard): boolean {
  return UNRECORDED.has(reason);
}

function add(map: Map<string, number>, name: string, more = 1): void {
  map.set(name, (map.get(name) ?? 0) + more);
}

export function followCalls(): CallStory {
  const claims = checkClaims();
  const counts = new Map<string, number>();
  const interrupted = new Map<string, number>();
  const recoveries = new Map<string, number>();
  const rotations = new Map<string, number>();
  /** Refusals that records tell of as counts, by reason, and those of them that were heard of. */
  const counted = new Map<string, number>();
  const heardOf = new Map<string, number>();
  const ends = new Map<string, End>();
  /** Request ids of intents that have no end yet. */
  const open = new Set<string>();
  const traces = new Set<string>();
  let faults: string[] = [];
  let found = 0;
  let handOvers = 0;

  function began({ seq, claims: said }: AuditRecord): void {
    const request = String(said['request_id']);
    if (ends.has(request) || open.has(request)) faults.push(`record ${seq}: a second intent of ${request}`);
    open.add(request);
    traces.add(String(said['trace_id']));
  }

  function ended({ seq, event, facts, claims: said }: AuditRecord): void {
    const request = String(said['request_id']);
    if (ends.has(request)) faults.push(`record ${seq}: a second end of ${request}`);
    ends.set(request, { event, code: said['error_code'] ?? null });
    const hadIntent = open.delete(request);
    const needsIntent = event === 'call-end' || event === 'interrupted';
    if (hadIntent !== needsIntent)
      faults.push(`record ${seq}: ${event} of ${request} ${needsIntent ? 'without' : 'behind'} an intent`);
    if (event === 'interrupted') add(interrupted, String(facts['why']));
  }

  return {
    take(record) {
      const { seq, event, facts, claims: said } = record;
      const problem = recordProblem(record);
      if (problem !== null) faults.push(`record ${seq} is no published one: ${problem}`);
      if (CLAIMS_EVENTS.has(event)) claims.take(record);
      add(counts, event);
      if (event === 'call-start') began(record);
      if (ENDS.has(event)) ended(record);
      if (event === 'recovery') add(recoveries, String(facts['why']));
      if (event === 'rotation') add(rotations, String(facts['why']));
      if (event === 'refusals')
        for (const [reason, times] of Object.entries(said['reasons'] ?? {})) add(counted, reason, times);
      if (event === 'launch-end' && facts['opened'] === true) handOvers += 1;
      if (event === 'daemon-start' && open.size > 0)
        faults.push(`record ${seq}: a daemon began with ${open.size} calls open`);
    },
    count: (event) => counts.get(event) ?? 0,
    get open() {
      return open.size;
    },
    interrupted,
    get handOvers() {
      return handOvers;
    },
    recoveries,
    rotations,
    takeFaults() {
      const { findings } = claims.result();
      const unborne = findings
        .slice(found)
        .map(({ seq, what, detail }) => `record ${seq}: ${what}: ${detail}`);
      found = findings.length;
      const all = [...faults, ...unborne];
      faults = [];
      return all;
    },
    hold(heard, acts) {
      const isStalled = heard.some(saysUnrecorded);
      const held = { replies: 0, counted: 0, unrecorded: 0, acts: 0 };
      for (const one of heard) {
        const { request, code, reason } = one;
        const end = ends.get(request);
        const isRefusal = end === undefined && reason !== null && REFUSALS.has(reason);
        if (end !== undefined && end.event !== 'interrupted' && end.code === code) held.replies += 1;
        else if (saysUnrecorded(one) || (isStalled && isRefusal)) held.unrecorded += 1;
        else if (isRefusal) {
          held.counted += 1;
          add(heardOf, reason);
        } else {
          const onRecord = end === undefined ? 'no end' : `${end.event} ${end.code}`;
          faults.push(`${request} was answered with ${code}, and on record is ${onRecord}`);
        }
      }
      for (const [reason, times] of heardOf) {
        const told = counted.get(reason) ?? 0;
        if (times > told)
          faults.push(`${times} were told ${reason} without a record, and ${told} are counted`);
      }
      for (const act of acts) {
        if (traces.has(act)) held.acts += 1;
        else faults.push(`a driver acted for ${act}, and no intent is on record`);
      }
      return held;
    },
  };
}
