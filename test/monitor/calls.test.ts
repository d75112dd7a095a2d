import { createSecretKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { IntentClaims, OutcomeClaims } from '../../src/boundary/messages.ts';
import type { AuditLog } from '../../src/monitor/audit/log.ts';
import { createCalls } from '../../src/monitor/calls.ts';
import type { Launch } from '../../src/monitor/launch/launches.ts';
import type { Session } from '../../src/monitor/session/sessions.ts';

/** A log that fails while `failing` and keeps the events that it took. */
function playedLog(): { log: AuditLog; events: string[]; state: { failing: boolean } } {
  const events: string[] = [];
  const state = { failing: false };
  const append = async (event: string): Promise<void> => {
    if (state.failing) throw new Error('Cannot write: no space');
    events.push(event);
  };
  return { log: { append } as unknown as AuditLog, events, state };
}

const session = { number: 1, caller: { uid: 1000 } } as Session;
const intent = (call: number): IntentClaims => ({
  ...{
    type: 'intent',
    serial: call,
    call,
    session: 1,
    generation: 1,
    method: 'echo.say',
    params: 'a'.repeat(64),
  },
  ...{
    request: '00000000-0000-7000-8000-000000000000',
    policies: [],
    notification: false,
    trace: null,
    span: null,
  },
});
const outcome = (call: number): OutcomeClaims => ({
  ...{
    type: 'outcome',
    serial: call,
    call,
    outcome: 'ok',
    error: null,
    handed: true,
    bytesIn: 0,
    bytesOut: 0,
    bytesDropped: 0,
  },
  ...{ waitedMicroseconds: 0, ranMicroseconds: 0, scrubbed: [] },
});
const launch = (call: number, number = 1, of = 1): Launch => ({ call, number, session: of }) as Launch;

function start(): ReturnType<typeof playedLog> & { calls: ReturnType<typeof createCalls> } {
  const played = playedLog();
  const key = { id: 'k', secret: createSecretKey(Buffer.alloc(32)) };
  const refusals = { admit: () => 'whole' } as unknown as Parameters<typeof createCalls>[2];
  return { ...played, calls: createCalls(played.log, key, refusals, () => 'outcome') };
}

describe('a call whose intent could not be recorded', () => {
  test('does not stay open: an outage of the log refuses nobody when it is over (invariant 11)', async () => {
    const { calls, state } = start();
    state.failing = true;
    for (let call = 1; call <= 2_000; call += 1)
      await Promise.resolve(calls.intent(session, intent(call))).catch(() => 0);
    expect(calls.open).toBe(0);
    state.failing = false;
    await calls.intent(session, intent(3_000));
    expect(calls.open).toBe(1);
  });

  test('has no launch', async () => {
    const { calls, state } = start();
    state.failing = true;
    Promise.resolve(calls.intent(session, intent(1))).catch(() => 0);
    expect(await calls.intended(launch(1))).toBe(false);
  });
});

describe('a launch', () => {
  test('waits for the intent that comes after it, and is named in the outcome', async () => {
    const { calls, events } = start();
    const intended = calls.intended(launch(1));
    await calls.intent(session, intent(1));
    expect(await intended).toBe(true);
    expect(events).toEqual(['call-start']);
  });

  test('is not for the call of another session', async () => {
    const { calls } = start();
    await calls.intent(session, intent(1));
    expect(await calls.intended(launch(1, 1, 2))).toBe(false);
  });

  test('is one of a bounded number for its call', async () => {
    const { calls } = start();
    await calls.intent(session, intent(1));
    const answers = [];
    for (let number = 1; number <= 20; number += 1) answers.push(await calls.intended(launch(1, number)));
    expect(answers.filter(Boolean)).toHaveLength(8);
  });
});

test('a call whose outcome could not be recorded is closed as interrupted once the log can be written (invariant 11)', async () => {
  const { calls, events, state } = start();
  await calls.intent(session, intent(1));
  state.failing = true;
  await Promise.resolve(calls.outcome(outcome(1))).catch(() => 0);
  expect(calls.open).toBe(1);
  state.failing = false;
  await calls.closeUnrecorded();
  expect(events).toEqual(['call-start', 'interrupted']);
  expect(calls.open).toBe(0);
});
