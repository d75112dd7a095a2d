import type { IntentClaims, OutcomeClaims } from '../../src/boundary/messages.ts';
import type { Launch } from '../../src/monitor/launch/launches.ts';
import type { Session } from '../../src/monitor/session/sessions.ts';

/** A session as far as records of its calls need one. */
export function playedSession(number: number, uid = 1000): Session {
  const recorded = {
    ...{ uid, gid: uid, groups: [], group_count: 0, user: null, group_names: {} },
    ...{ login_uid: null, login_session: null, pid: 1, pid_start: 1, pid_proven: true },
    ...{ unit: null, container: null },
  };
  return { number, caller: { uid }, recorded } as unknown as Session;
}

/** What a broker says of a call that it begins. */
export function intentOf(call: number, more: Partial<IntentClaims> = {}): IntentClaims {
  return {
    ...{ type: 'intent', serial: call, call, session: 1, generation: 1, launch: null },
    method: 'echo.say',
    ...{ request: '00000000-0000-7000-8000-000000000000', params: 'a'.repeat(64), names: null },
    ...{ policies: [], notification: false, trace: 'c'.repeat(32), span: 'd'.repeat(16) },
    ...{ because: null, durable: false },
    ...more,
  };
}

/** And of how it ended. */
export function outcomeOf(call: number, more: Partial<OutcomeClaims> = {}): OutcomeClaims {
  return {
    ...{ type: 'outcome', serial: call, call, outcome: 'ok', error: null, handed: true },
    ...{ bytesIn: 0, bytesOut: 0, bytesDropped: 0, controlsRemoved: 0, scrubbed: [] },
    ...{ waitedMicroseconds: 0, ranMicroseconds: 0 },
    stages: { validate: 1, authorise: 2, intent: 3, launch: null, run: null, scrub: null },
    ...more,
  };
}

export function playedLaunch(call: number, number = 1, session = 1): Launch {
  const served = { call, session };
  return { number, served, purpose: { kind: 'call', ...served } } as unknown as Launch;
}
