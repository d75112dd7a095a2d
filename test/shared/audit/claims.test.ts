import { describe, expect, test } from 'vitest';
import { type ClaimsResult, checkClaims, FINDINGS_MAXIMUM } from '../../../src/shared/audit/claims.ts';
import type { AuditFields } from '../../../src/shared/audit/fields.ts';

type Played = readonly [event: string, facts?: AuditFields, claims?: AuditFields];

const REQUEST = '00000000-0000-7000-8000-000000000000';
const STAGES = { intent: 1, launch: 2, run: 3, total: 1_000 };

const START: Played = ['daemon-start'];
const begin = (call = 1, session = 7): Played => ['call-start', { session }, { call, request_id: REQUEST }];
const launch = (number = 1, call = 1, session = 7): Played => [
  'launch',
  { launch: number, session },
  { call },
];
const launchEnd = (number = 1, opened = true, session = 7): Played => [
  'launch-end',
  { launch: number, session, opened },
];
const end = (more: AuditFields = {}, facts: AuditFields = {}): Played => [
  'call-end',
  { session: 7, launches: [1], run: { end: 'exit' }, stages_us: STAGES, ...facts },
  {
    ...{ call: 1, request_id: REQUEST, method: 'disk.usage', end_reason: 'ok', handed_over: true },
    ...{ bytes_out: 5, ran_us: 900, ...more },
  },
];
const POOLED: Played = ['launch', { launch: 1, session: null, for: 'pool' }];
const PERSISTENT: Played = ['launch', { launch: 1, session: null, for: 'persistent' }];
const beginNaming = (number: number): Played => [
  'call-start',
  { session: 7, launch: number },
  { call: 1, request_id: REQUEST },
];
const BUILT_IN = { method: 'rpc.status', handed_over: false, bytes_out: 0 };

function check(records: readonly Played[]): ClaimsResult {
  const claims = checkClaims();
  for (const [index, [event, facts = {}, said = {}]] of records.entries())
    claims.take({ seq: index + 1, event, facts, claims: said });
  return claims.result();
}

const found = (...records: readonly Played[]): readonly string[] =>
  check(records).findings.map(({ seq, what }) => `${seq} ${what}`);

describe('what facts bear out is not listed', () => {
  test.each<[string, readonly Played[]]>([
    ['a call, its launch and its end', [START, begin(), launch(), launchEnd(), end()]],
    ['a launch that was written before the intent', [START, launch(), begin(), launchEnd(), end()]],
    [
      'a launch that stood ready, was named by an intent and ended before the outcome',
      [START, POOLED, beginNaming(1), launchEnd(), end()],
    ],
    ['a launch that stood ready, had begun and was never used', [START, POOLED, launchEnd()]],
    [
      'a persistent launch, which outlives its calls',
      [START, PERSISTENT, beginNaming(1), end({ ran_us: 5 }, { run: null })],
    ],
    ['a built-in method', [START, begin(), end(BUILT_IN, { launches: [], run: null })]],
    [
      'a call that ended before anything was launched',
      [
        START,
        begin(),
        end({ end_reason: 'launch-refused', handed_over: false, bytes_out: 0 }, { launches: [], run: null }),
      ],
    ],
    [
      'a launch whose gate stayed shut, for a call without an intent',
      [START, launch(), launchEnd(1, false), begin(2)],
    ],
    [
      'a driver that met its limit',
      [
        START,
        begin(),
        launch(),
        launchEnd(),
        end({ end_reason: 'memory' }, { run: { end: 'memory-limit' } }),
      ],
    ],
    [
      'a call that its broker’s end interrupted, before its launch had ended',
      [START, begin(), launch(), ['interrupted', { session: 7 }, { call: 1 }], launchEnd()],
    ],
    [
      'what an earlier daemon left open and the next one closed',
      [START, begin(), ['interrupted', { session: 7 }, { call: 1 }], START],
    ],
    ['the end of a launch that could have no record', [START, begin(), launch(), ['recovery'], end()]],
    [
      'the same numbers, given by another broker or another daemon',
      [START, begin(), launch(), launchEnd(), end(), START, begin(), launch(), launchEnd(), end()],
    ],
  ])('%s', (_what, records) => {
    expect(found(...records)).toEqual([]);
  });
});

describe('a claim that no fact bears out is listed, with the record that makes it', () => {
  test.each<[string, readonly Played[], readonly string[]]>([
    ['an outcome for no intent', [START, launch(), launchEnd(1, false), end()], ['4 outcome-without-intent']],
    ['a second outcome', [START, begin(), launch(), launchEnd(), end(), end()], ['6 outcome-without-intent']],
    [
      'an outcome for the call of another session',
      [START, begin(1, 8), launch(1, 1, 8), launchEnd(1, true, 8), end()],
      ['5 outcome-without-intent'],
    ],
    ['a driver that was let run for no intent', [START, launch(), launchEnd()], ['3 launch-without-intent']],
    [
      'a hand-over where nothing was launched',
      [START, begin(), end({}, { launches: [], run: null })],
      ['3 hand-over-without-launch'],
    ],
    [
      'a hand-over to a driver whose gate stayed shut',
      [START, begin(), launch(), launchEnd(1, false), end()],
      ['5 hand-over-without-launch'],
    ],
    [
      'a result without a hand-over',
      [START, begin(), launch(), launchEnd(), end({ handed_over: false, bytes_out: 0 })],
      ['5 result-without-hand-over'],
    ],
    [
      'output without a hand-over',
      [START, begin(), launch(), launchEnd(), end({ handed_over: false, end_reason: 'timeout' })],
      ['5 result-without-hand-over'],
    ],
    ['an outcome while the driver runs', [START, begin(), launch(), end()], ['4 outcome-before-end']],
    [
      'an outcome while the driver that had stood ready runs',
      [START, POOLED, beginNaming(1), end()],
      ['4 outcome-before-end'],
    ],
    [
      'a hand-over to one that stood ready and whose gate stayed shut',
      [START, POOLED, beginNaming(1), launchEnd(1, false), end()],
      ['5 hand-over-without-launch'],
    ],
    [
      'a limit that was not met',
      [START, begin(), launch(), launchEnd(), end({ end_reason: 'processes' })],
      ['5 limit-not-met'],
    ],
    [
      'a run that was longer than the call',
      [START, begin(), launch(), launchEnd(), end({ ran_us: 2_000_000 })],
      ['5 longer-than-the-call'],
    ],
    ['an intent that nobody closed', [START, begin(), ['daemon-stop']], ['2 intent-without-outcome']],
    ['the same, over a crash', [START, begin(), START], ['2 intent-without-outcome']],
  ])('%s', (_what, records, expected) => {
    expect(found(...records)).toEqual(expected);
  });
});

describe('a log whose beginning was removed', () => {
  test('says nothing of outcomes before the first record that tells which calls were open', () => {
    const open: Played = [
      'open-calls',
      { part: 1, parts: 1, count: 1, calls: [{ session: 7, uid: 0, launches: [] }] },
      { calls: [{ call: 1, request_id: REQUEST }] },
    ];
    const result = check([end(), launchEnd(), open, end(), end()]);
    expect(result).toMatchObject({ unknown: 1, checked: 2, count: 1 });
    expect(result.findings).toMatchObject([{ seq: 5, what: 'outcome-without-intent', request: REQUEST }]);
  });
});

test('calls that have no outcome yet are open, not wanting', () => {
  expect(check([START, begin(1), begin(2)])).toMatchObject({ open: 2, count: 0 });
});

test('what is remembered is bounded, however many records there are, and nothing is left uncounted (invariant 14)', () => {
  const claims = checkClaims();
  claims.take({ seq: 1, event: 'daemon-start', facts: {}, claims: {} });
  const [, facts = {}, said = {}] = end();
  const total = FINDINGS_MAXIMUM + 500;
  for (let seq = 2; seq < total + 2; seq += 1) claims.take({ seq, event: 'call-end', facts, claims: said });
  const { findings, count } = claims.result();
  expect([findings.length, count]).toEqual([FINDINGS_MAXIMUM, total]);
});
