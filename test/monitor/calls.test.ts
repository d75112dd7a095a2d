import { describe, expect, test } from 'vitest';
import type { AuditFields, AuditLog } from '../../src/monitor/audit/log.ts';
import { type CallsOptions, createCalls } from '../../src/monitor/calls.ts';
import { paramsKey } from '../../src/shared/audit/params-hash.ts';
import { intentOf, outcomeOf, playedLaunch, playedSession } from './played-call.ts';

interface Taken {
  readonly event: string;
  readonly facts: AuditFields;
  readonly claims: AuditFields;
  readonly durable: boolean;
}

/** A log that fails while `failing` and keeps what it took. */
function playedLog(): { log: AuditLog; taken: Taken[]; events: () => string[]; state: { failing: boolean } } {
  const taken: Taken[] = [];
  const state = { failing: false };
  const append: AuditLog['append'] = async (event, facts, claims, durable) => {
    if (state.failing) throw new Error('Cannot write: no space');
    taken.push({ event, facts, claims, durable });
    return { seq: taken.length };
  };
  const events = (): string[] => taken.map(({ event }) => event);
  return { log: { append } as unknown as AuditLog, taken, events, state };
}

const session = playedSession(1);

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
