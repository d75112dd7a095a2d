import type { AuditFields } from './fields.ts';
import type { AuditRecord } from './record.ts';

/** What a claim lacks a fact for. */
export type UnborneClaim =
  /** An outcome of a call that has no intent. */
  | 'outcome-without-intent'
  /** An intent that the daemon's end closed with neither an outcome nor an interruption. */
  | 'intent-without-outcome'
  /** A driver was let run, and no call of its session had an intent. */
  | 'launch-without-intent'
  /** The broker says that it handed the call over, and no driver was let run for it. */
  | 'hand-over-without-launch'
  /** A driver's result or output, and by the broker's own word no hand-over. */
  | 'result-without-hand-over'
  /** The call ended while its driver still ran. */
  | 'outcome-before-end'
  /** A driver that is said to have met a limit, and ended otherwise. */
  | 'limit-not-met'
  /** The driver is said to have run for longer than the whole call lasted. */
  | 'longer-than-the-call';

/** A record whose claims no fact bears out. */
export interface Finding {
  /** Of the record that claims it. */
  readonly seq: number;
  readonly what: UnborneClaim;
  readonly detail: string;
  /** Of the call; null: the record names none. */
  readonly request: string | null;
}

export interface ClaimsResult {
  /** The first of them, at most FINDINGS_MAXIMUM. */
  readonly findings: readonly Finding[];
  /** How many there are. */
  readonly count: number;
  /** Outcomes whose claims were held to the facts. */
  readonly checked: number;
  /** Outcomes whose intent stands before the first record that says which calls were open. */
  readonly unknown: number;
  /** Calls that have no outcome yet. */
  readonly open: number;
}

/** Holds what the broker told the monitor to what the monitor saw itself; in memory bounded by what can be open at once. */
export interface ClaimsCheck {
  /** Takes the next record, in the log's order. */
  take(record: Pick<AuditRecord, 'seq' | 'event' | 'facts' | 'claims'>): void;
  result(): ClaimsResult;
}

/** Events that `take` looks at; others need not be given to it. */
export const CLAIMS_EVENTS: ReadonlySet<string> = new Set([
  ...['daemon-start', 'daemon-stop', 'call-start', 'call-end', 'interrupted', 'launch', 'launch-end'],
  ...['open-calls', 'recovery', 'audit-refused-count'],
]);
export const FINDINGS_MAXIMUM = 1_000;
/** Calls and launches that are followed at once; the monitor's own bounds are below. */
const FOLLOWED_MAXIMUM = 65_536;
/** What the clocks of two processes that wait for each other may differ by, in microseconds. */
const SLACK_US = 1_000_000;
const LIMIT_ENDS: ReadonlyMap<string, string> = new Map([
  ['memory', 'memory-limit'],
  ['processes', 'process-limit'],
]);
const BUILT_IN = 'rpc.';

interface OpenCall {
  readonly seq: number;
  readonly request: string | null;
}

interface RunningLaunch {
  /** Of its call; null: it was started before its call, and none named it yet. */
  key: string | null;
  hasIntent: boolean;
}

export function checkClaims(): ClaimsCheck {
  const calls = new Map<string, OpenCall>();
  const launches = new Map<number, RunningLaunch>();
  /** Launches whose gate stayed shut, as long as their call is open. */
  const shut = new Map<string, number[]>();
  /** Launches that stand before their call's intent: the two are written side by side. */
  const early = new Map<string, number[]>();
  const findings: Finding[] = [];
  let count = 0;
  let checked = 0;
  let unknown = 0;
  /** Whether the log said which calls were open, so that what was not seen is not there. */
  let isBased = false;

  function find(seq: number, what: UnborneClaim, detail: string, request: string | null): void {
    count += 1;
    if (findings.length < FINDINGS_MAXIMUM) findings.push({ seq, what, detail, request });
  }

  /** A daemon began or ended: what it left open nobody will close any more. */
  function base(event: string): void {
    if (isBased)
      for (const { seq, request } of calls.values())
        find(seq, 'intent-without-outcome', `${event} came, and no outcome`, request);
    calls.clear();
    launches.clear();
    shut.clear();
    early.clear();
    isBased = true;
  }

  function began(seq: number, facts: AuditFields, claims: AuditFields): void {
    const key = keyOf(facts, claims);
    if (calls.size < FOLLOWED_MAXIMUM) calls.set(key, { seq, request: requestOf(claims) });
    const named = launches.get(Number(facts['launch']));
    if (named !== undefined) named.key = key;
    for (const number of early.get(key) ?? []) {
      const launch = launches.get(number);
      if (launch !== undefined) launch.hasIntent = true;
    }
    early.delete(key);
  }

  function launched(facts: AuditFields, claims: AuditFields): void {
    const key = keyOf(facts, claims);
    const number = Number(facts['launch']);
    const hasIntent = calls.has(key);
    // One that serves many calls outlives each of them.
    if (launches.size >= FOLLOWED_MAXIMUM || facts['for'] === 'persistent') return;
    // One of a pool is handed over by the monitor itself, when the intent that names it stands.
    if (facts['for'] === 'pool') return void launches.set(number, { key: null, hasIntent: true });
    launches.set(number, { key, hasIntent });
    if (!hasIntent) append(early, key, number);
  }

  function launchEnded(seq: number, facts: AuditFields): void {
    const number = Number(facts['launch']);
    const launch = launches.get(number);
    if (launch === undefined) return;
    launches.delete(number);
    if (launch.key !== null) early.delete(launch.key);
    const isOpened = facts['opened'] === true;
    if (!isOpened && launch.key !== null && calls.has(launch.key)) append(shut, launch.key, number);
    if (isOpened && !launch.hasIntent && isBased)
      find(seq, 'launch-without-intent', `launch ${number} of session ${facts['session']} was let run`, null);
  }

  function ended(seq: number, facts: AuditFields, claims: AuditFields): void {
    const key = keyOf(facts, claims);
    const request = requestOf(claims);
    const call = calls.get(key);
    const shutHere = shut.get(key) ?? [];
    calls.delete(key);
    shut.delete(key);
    if (call === undefined && !isBased) {
      unknown += 1;
      return;
    }
    checked += 1;
    const tell = (what: UnborneClaim, detail: string): void => find(seq, what, detail, request);
    if (call === undefined)
      tell('outcome-without-intent', `call ${claims['call']} of session ${facts['session']} never began`);
    for (const { what, detail } of judge(facts, claims, shutHere, launches)) tell(what, detail);
  }

  return {
    take({ seq, event, facts, claims }) {
      switch (event) {
        case 'daemon-start':
        case 'daemon-stop':
          return base(event);
        case 'call-start':
          return began(seq, facts, claims);
        case 'launch':
          return launched(facts, claims);
        case 'launch-end':
          return launchEnded(seq, facts);
        case 'call-end':
          return ended(seq, facts, claims);
        case 'interrupted':
          calls.delete(keyOf(facts, claims));
          shut.delete(keyOf(facts, claims));
          return;
        case 'open-calls':
          if (isBased) return;
          for (const [index, known] of listOf(facts['calls']).entries())
            began(seq, known, listOf(claims['calls'])[index] ?? {});
          isBased = facts['part'] === facts['parts'];
          return;
        case 'recovery':
        case 'audit-refused-count':
          // Ends of launches may be among what could have no record.
          launches.clear();
          early.clear();
          return;
      }
    },
    result: () => ({ findings, count, checked, unknown, open: calls.size }),
  };
}

/** What the monitor's own words in an outcome's record say of the broker's. */
function* judge(
  facts: AuditFields,
  claims: AuditFields,
  shut: readonly number[],
  running: ReadonlyMap<number, unknown>,
): Generator<Pick<Finding, 'what' | 'detail'>> {
  const numbers = Array.isArray(facts['launches']) ? facts['launches'].map(Number) : [];
  const handedOver = claims['handed_over'] === true;
  const isBuiltIn = String(claims['method']).startsWith(BUILT_IN);
  const opened = numbers.filter((number) => !shut.includes(number));
  if (handedOver && opened.length === 0)
    yield {
      what: 'hand-over-without-launch',
      detail: numbers.length === 0 ? 'nothing was launched' : 'its gate stayed shut',
    };
  if (!handedOver && ((claims['end_reason'] === 'ok' && !isBuiltIn) || Number(claims['bytes_out']) > 0))
    yield { what: 'result-without-hand-over', detail: `${claims['method']} was handed to nobody` };
  const alive = numbers.filter((number) => running.has(number));
  if (alive.length > 0) yield { what: 'outcome-before-end', detail: `launch ${alive.join(', ')} still ran` };
  const run = isFields(facts['run']) ? facts['run'] : {};
  const expected = LIMIT_ENDS.get(String(claims['end_reason']));
  if (expected !== undefined && run['end'] !== expected)
    yield { what: 'limit-not-met', detail: `its launch ended by ${run['end'] ?? 'nothing that was seen'}` };
  const total = isFields(facts['stages_us']) ? Number(facts['stages_us']['total']) : Number.NaN;
  if (Number(claims['ran_us']) > total + SLACK_US)
    yield { what: 'longer-than-the-call', detail: `${claims['ran_us']} of ${total} microseconds` };
}

/** Numbers of calls begin anew with each broker, those of sessions with each daemon: together they are one call's. */
function keyOf(facts: AuditFields, claims: AuditFields): string {
  return `${facts['session']} ${claims['call']}`;
}

function requestOf(claims: AuditFields): string | null {
  return typeof claims['request_id'] === 'string' ? claims['request_id'] : null;
}

function append(lists: Map<string, number[]>, key: string, number: number): void {
  const known = lists.get(key);
  if (known !== undefined) known.push(number);
  else if (lists.size < FOLLOWED_MAXIMUM) lists.set(key, [number]);
}

function listOf(value: unknown): readonly AuditFields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

function isFields(value: unknown): value is AuditFields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
