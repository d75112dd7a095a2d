import { describe, expect, test } from 'vitest';
import type { RefusalClaims } from '../../src/boundary/messages.ts';
import type { AuditFields, AuditLog } from '../../src/monitor/audit/log.ts';
import { AuditUnavailable, type Doubt } from '../../src/monitor/audit/unavailable.ts';
import { type CallsOptions, createCalls, type RecordedRefusal } from '../../src/monitor/calls.ts';
import { paramsKey } from '../../src/shared/audit/params-hash.ts';
import { intentOf, outcomeOf, playedLaunch, playedSession } from './played-call.ts';

interface Taken {
  readonly event: string;
  readonly facts: AuditFields;
  readonly claims: AuditFields;
  readonly durable: boolean;
}

/** A log that fails while `failing` and keeps what it took; `doubt` is of what it refuses then. */
function playedLog(): {
  log: AuditLog;
  taken: Taken[];
  events: () => string[];
  state: { failing: boolean; doubt: Doubt | null };
} {
  const taken: Taken[] = [];
  const state = { failing: false, doubt: null as Doubt | null };
  const append: AuditLog['append'] = async (event, facts, claims, durable) => {
    if (state.failing) throw new AuditUnavailable('Cannot write: no space', {}, state.doubt);
    taken.push({ event, facts, claims, durable });
    return { seq: taken.length, isTold: false };
  };
  const events = (): string[] => taken.map(({ event }) => event);
  return { log: { append } as unknown as AuditLog, taken, events, state };
}

const session = playedSession(1);
const refusal: RefusalClaims = {
  ...{
    type: 'refusal',
    serial: 1,
    session: 1,
    kind: 'invalid',
    reason: 'invalid-params',
    method: 'echo.say',
  },
  ...{
    request: '00000000-0000-7000-8000-000000000000',
    params: 'a'.repeat(64),
    policies: [],
    error: -32_602,
  },
  ...{ trace: 'c'.repeat(32), span: 'd'.repeat(16), because: null },
};

function start(
  options: Partial<CallsOptions> = {},
): ReturnType<typeof playedLog> & { calls: ReturnType<typeof createCalls> } {
  const played = playedLog();
  const key = paramsKey(Buffer.alloc(32), '2026-01-02T03:04:05.678Z');
  const calls = createCalls(played.log, {
    refusals: { admit: () => 'whole' } as unknown as CallsOptions['refusals'],
    durability: () => 'outcome',
    paramsRule: () => ({ key, onRecord: 'hash' }),
    denied: () => undefined,
    written: () => undefined,
    ...options,
  });
  return { ...played, calls };
}

const settled = (refused: RecordedRefusal): Promise<unknown> =>
  'written' in refused ? refused.written : refused.counted;

describe('a call whose intent could not be recorded', () => {
  test('does not stay open: an outage of the log refuses nobody when it is over (invariant 11)', async () => {
    const { calls, state } = start();
    state.failing = true;
    for (let call = 1; call <= 2_000; call += 1)
      await Promise.resolve(calls.intent(session, intentOf(call))).catch(() => 0);
    expect(calls.open).toBe(0);
    state.failing = false;
    await calls.intent(session, intentOf(3_000));
    expect(calls.open).toBe(1);
  });

  test('has no launch', async () => {
    const { calls, state } = start();
    state.failing = true;
    Promise.resolve(calls.intent(session, intentOf(1))).catch(() => 0);
    expect(await calls.intended(playedLaunch(1))).toBe(false);
  });
});

function stagesOf(record: Taken | undefined): AuditFields {
  return record?.facts['stages_us'] as AuditFields;
}

test('an outcome may come before this process hears that the intent stands, of which the broker was told', async () => {
  const { calls, taken } = start();
  const intended = calls.intent(session, intentOf(1));
  const ended = calls.outcome(outcomeOf(1));
  await Promise.all([intended, ended]);
  expect(calls.open).toBe(0);
  const { intent, total } = stagesOf(taken.at(-1));
  expect(intent).toBe(total);
});

describe('a launch', () => {
  test('waits for the intent that comes after it, and is named in the outcome', async () => {
    const { calls, events } = start();
    const intended = calls.intended(playedLaunch(1));
    await calls.intent(session, intentOf(1));
    expect(await intended).toBe(true);
    expect(events()).toEqual(['call-start']);
  });

  test('is not for the call of another session', async () => {
    const { calls } = start();
    await calls.intent(session, intentOf(1));
    expect(await calls.intended(playedLaunch(1, 1, 2))).toBe(false);
  });

  test('is one of a bounded number for its call', async () => {
    const { calls } = start();
    await calls.intent(session, intentOf(1));
    const answers = [];
    for (let number = 1; number <= 20; number += 1)
      answers.push(await calls.intended(playedLaunch(1, number)));
    expect(answers.filter(Boolean)).toHaveLength(8);
  });
});

test('a call whose outcome could not be recorded is closed as interrupted once the log can be written (invariant 11)', async () => {
  const { calls, events, state } = start();
  await calls.intent(session, intentOf(1));
  state.failing = true;
  await Promise.resolve(calls.outcome(outcomeOf(1))).catch(() => 0);
  expect(calls.open).toBe(1);
  state.failing = false;
  await calls.closeUnrecorded();
  expect(events()).toEqual(['call-start', 'interrupted']);
  expect(calls.open).toBe(0);
});

describe('a call of which a record was refused while it was being written', () => {
  const inDoubt = (): Doubt => ({ isFound: null });

  test.each([
    ['stands in the log has its end', true, ['interrupted']],
    ['is not there needs none', false, []],
  ] as const)('whose intent %s (invariant 11, A20)', async (_what, isFound, expected) => {
    const { calls, events, state } = start();
    Object.assign(state, { failing: true, doubt: inDoubt() });
    await Promise.resolve(calls.intent(session, intentOf(1))).catch(() => 0);
    state.failing = false;
    await calls.interrupt('broker-ended');
    expect([events(), calls.open]).toEqual([[], 1]);
    Object.assign(state.doubt ?? {}, { isFound });
    await calls.closeUnrecorded();
    expect([events(), calls.open]).toEqual([expected, 0]);
  });

  test.each([
    ['stands in the log has no second end', true, ['call-start']],
    ['is not there has its end', false, ['call-start', 'interrupted']],
  ] as const)('whose outcome %s (invariant 11, A20)', async (_what, isFound, expected) => {
    const { calls, events, state } = start();
    await calls.intent(session, intentOf(1));
    Object.assign(state, { failing: true, doubt: inDoubt() });
    await Promise.resolve(calls.outcome(outcomeOf(1))).catch(() => 0);
    state.failing = false;
    Object.assign(state.doubt ?? {}, { isFound });
    await calls.closeUnrecorded();
    expect([events(), calls.open]).toEqual([expected, 0]);
  });

  test('and that its broker left behind meanwhile is closed once the log can be written, beside a call of the next broker with its number (A20)', async () => {
    const { calls, events, state } = start();
    await calls.intent(session, intentOf(1));
    state.failing = true;
    await calls.interrupt('broker-ended').catch(() => 0);
    expect([events(), calls.open]).toEqual([['call-start'], 1]);
    state.failing = false;
    await calls.intent(session, intentOf(1));
    await calls.closeUnrecorded();
    await calls.outcome(outcomeOf(1));
    expect([events(), calls.open]).toEqual([['call-start', 'call-start', 'interrupted', 'call-end'], 0]);
  });
});

describe('what is on disk before anything goes on (invariant 11)', () => {
  test.each([
    ['outcome', false, { intent: false, outcome: true, refusal: true }],
    ['outcome', true, { intent: true, outcome: true, refusal: true }],
    ['intent', false, { intent: true, outcome: false, refusal: false }],
    ['intent', true, { intent: true, outcome: false, refusal: false }],
    ['none', false, { intent: false, outcome: false, refusal: false }],
    ['none', true, { intent: false, outcome: false, refusal: false }],
  ] as const)(
    'with durability %s, where the broker asks for more: %s',
    async (durability, durable, expected) => {
      const { calls, taken } = start({ durability: () => durability });
      await calls.intent(session, intentOf(1, { durable }));
      await calls.outcome(outcomeOf(1));
      await settled(calls.refusal(session, refusal));
      const [intent, outcome, refused] = taken.map((record) => record.durable);
      expect({ intent, outcome, refusal: refused }).toEqual(expected);
    },
  );
});

describe('of params stands what the profile allows, whatever the broker sends (invariant 13)', () => {
  const key = paramsKey(Buffer.alloc(32, 1), '2026-01-02T03:04:05.678Z');
  test.each([
    ['hash', { params_key: key.id, params_hash: expect.stringMatching(/^[0-9a-f]{64}$/) }],
    ['names', { params_names: ['path'] }],
    ['omit', {}],
  ] as const)('%s', async (onRecord, expected) => {
    const { calls, taken } = start({ paramsRule: () => ({ key, onRecord }) });
    await calls.intent(session, intentOf(1, { names: ['path'] }));
    await settled(calls.refusal(session, refusal));
    const ofParams = taken.map(({ claims }) =>
      Object.fromEntries(Object.entries(claims).filter(([name]) => name.startsWith('params_'))),
    );
    expect(ofParams).toEqual([expected, onRecord === 'names' ? {} : expected]);
  });
});

test('a launch that ended stands in the record of its call, as the monitor saw it, and no other', async () => {
  const { calls, taken } = start();
  await calls.intent(session, intentOf(1));
  await calls.intended(playedLaunch(1, 4));
  const ended = { end: 'exit', status: 0, usage: null, startMicroseconds: 10, ranMicroseconds: 20 } as const;
  calls.launchEnded(playedLaunch(1, 5), ended, { end: 'exit', profile: 'another' });
  calls.launchEnded(playedLaunch(1, 4), ended, { end: 'exit', profile: 'echo' });
  await calls.outcome(outcomeOf(1));
  expect(taken.at(-1)?.facts).toMatchObject({
    ...{ launches: [4], run: { profile: 'echo' } },
    stages_us: { launch: 10, run: 20 },
  });
});

describe('a launch that was there before its call', () => {
  const ended = { end: 'exit', status: 0, usage: null, startMicroseconds: 10, ranMicroseconds: 20 } as const;

  test('is named by the intent and the outcome; the call did not wait for its start', async () => {
    const { calls, taken } = start();
    await calls.intent(session, intentOf(1, { launch: 4 }));
    await calls.intent(session, intentOf(2));
    const launch = { ...playedLaunch(1, 4), purpose: { kind: 'pool' } as const };
    calls.launchEnded(launch, ended, { end: 'exit' });
    await calls.outcome(outcomeOf(1));
    expect(taken[0]?.facts).toMatchObject({ session: 1, launch: 4 });
    expect(taken[1]?.facts).not.toHaveProperty('launch');
    expect(taken[2]?.facts).toMatchObject({
      ...{ launches: [4], run: { end: 'exit' } },
      stages_us: { launch: null, run: 20 },
    });
  });

  test('and serves many calls stands in all that ended with it, and in no other', async () => {
    const { calls, taken } = start();
    for (const [call, launch] of [
      [1, 4],
      [2, 4],
      [3, 5],
    ] as const)
      await calls.intent(session, intentOf(call, { launch }));
    await calls.outcome(outcomeOf(1));
    const launch = { ...playedLaunch(0, 4), served: null, purpose: { kind: 'persistent' } as const };
    calls.launchEnded(launch, ended, { end: 'exit' });
    await calls.outcome(outcomeOf(2));
    await calls.outcome(outcomeOf(3));
    const runs = taken.slice(3).map(({ facts }) => facts['run']);
    expect(runs).toEqual([null, { end: 'exit' }, null]);
  });
});
