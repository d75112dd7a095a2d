import type { AuditFields } from '../../../src/shared/audit/fields.ts';
import type { Wanted } from './played-log.ts';

/** A request id as the broker makes them, told apart by a number. */
export function requestIdOf(call: number): string {
  return `01890a5d-ac96-774b-bcce-${String(call).padStart(12, '0')}`;
}

export interface PlayedCall {
  readonly call: number;
  readonly session?: number;
  readonly uid?: number;
  readonly method?: string;
  readonly launch?: number;
  readonly end?: string;
  readonly totalMicroseconds?: number;
  readonly claims?: AuditFields;
}

export const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
export const HASH = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';

export function sessionStart(session: number, uid: number): Wanted {
  return { event: 'session', facts: { session, uid, gid: uid, groups: [4], pid: 4711, unit: null } };
}

export function sessionEnd(session: number, uid: number): Wanted {
  return { event: 'session-end', facts: { session, uid, reason: 'peer-closed' } };
}

function identity({ call, method = 'disk.usage' }: PlayedCall): AuditFields {
  return { call, request_id: requestIdOf(call), method, trace_id: TRACE };
}

export function intent(played: PlayedCall): Wanted {
  const { session = 1, uid = 1000, claims = {} } = played;
  return {
    event: 'call-start',
    facts: { session, uid, generation: 1 },
    claims: {
      ...identity(played),
      decision: 'permit',
      policies: ['ops-may-look'],
      params_hash: HASH,
      ...claims,
    },
  };
}

export function launchStart({ call, session = 1, launch = call, method = 'disk.usage' }: PlayedCall): Wanted {
  const isolation = { launcher: 'bubblewrap', way: 'user-namespace', uid: 79_001, capabilities: [] };
  return {
    event: 'launch',
    facts: { launch, session, for: 'call', profile: method.split('.')[0] ?? '', isolation },
    claims: { call },
  };
}

export function launchEnd({ call, session = 1, launch = call }: PlayedCall): Wanted {
  const usage = { cpu_microseconds: 5_000, memory_peak_bytes: 4_000_000 };
  return {
    event: 'launch-end',
    facts: { launch, session, end: 'exit', exit_status: 0, signal: null, usage },
  };
}

export function outcome(played: PlayedCall): Wanted {
  const { call, session = 1, uid = 1000, launch = call, end = 'ok', totalMicroseconds = 20_000 } = played;
  return {
    event: 'call-end',
    facts: {
      session,
      uid,
      launches: [launch],
      stages_us: { intent: 300, launch: 4_000, total: totalMicroseconds },
    },
    claims: {
      ...identity(played),
      outcome: end,
      end_reason: end,
      bytes_out: 212,
      scrubbed: { 'github-token': 1 },
    },
  };
}

/** A call that ran, from its intent to its outcome. */
export function wholeCall(played: PlayedCall): Wanted[] {
  return [intent(played), launchStart(played), launchEnd(played), outcome(played)];
}

export function denial(played: PlayedCall): Wanted {
  const { session = 1, uid = 1000 } = played;
  return {
    event: 'denied',
    facts: { session, uid },
    claims: {
      ...identity(played),
      reason: 'forbidden',
      end_reason: 'denied',
      decision: 'deny',
      error_code: -32_001,
    },
  };
}
