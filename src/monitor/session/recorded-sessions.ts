import type { Server } from 'node:net';
import type { AuditFields } from '../../shared/audit/fields.ts';
import type { Log } from '../../shared/log.ts';
import type { Recorder } from '../audit/recorder.ts';
import type { Refusals } from '../audit/refusals.ts';
import type { BrokerLife } from '../broker/broker-life.ts';
import { callerFacts, type KnownNames } from './caller-facts.ts';
import type { KnownCaller } from './known-caller.ts';
import { createSessions, type Session, type SessionLimits, type Sessions } from './sessions.ts';

/** Stands for callers that the kernel did not name: (uid_t) -1 is nobody's. */
const UNKNOWN_UID = 4_294_967_295;
/** Groups of a caller that the record of its session names, and those of its calls. */
const SESSION_GROUPS = 256;
const CALL_GROUPS = 32;

export interface RecordedSessions extends Sessions {
  /** Passes to a new broker what the one before it had not taken. */
  passUntaken(): void;
}

/** Sessions that are recorded at their beginning and end, and passed to the broker. */
export function createRecordedSessions(
  server: Server,
  limits: SessionLimits,
  {
    broker,
    record,
    refusals,
    names,
    log,
  }: {
    readonly broker: BrokerLife;
    readonly record: Recorder;
    readonly refusals: Refusals;
    readonly names: () => KnownNames;
    readonly log: Log;
  },
): RecordedSessions {
  function pass(session: Session): void {
    const { number, caller, copy } = session;
    const { uid, gid, groups, pid, unit, container, pidProven } = caller;
    // What was read by a pid that may be another's by now stands in the record, and decides nothing.
    const loginUid = pidProven ? caller.loginUid : null;
    const loginSession = pidProven ? caller.loginSession : null;
    const passed = broker.link?.pass({
      ...{ kind: 'session', number, descriptors: [copy] },
      message: {
        ...{ type: 'session', session: number, uid, gid, groups, pid, pidProven, unit },
        ...{ container, loginUid, loginSession },
      },
      settled(taken) {
        session.taken = session.taken || taken;
      },
    });
    if (passed === false) sessions.close(number, 'stopping');
  }

  const describe = (caller: KnownCaller): AuditFields => callerFacts(caller, names(), CALL_GROUPS);
  const sessions = createSessions(server, limits, describe, {
    opened(session) {
      void record('session', {
        session: session.number,
        ...callerFacts(session.caller, names(), SESSION_GROUPS),
      });
      if (broker.isServing) pass(session);
    },
    closed(session, why) {
      broker.link?.withdraw('session', session.number);
      void record('session-end', { session: session.number, uid: session.caller.uid, reason: why });
      if (session.taken) broker.link?.send({ type: 'session-gone', session: session.number });
    },
    refused(why, uid, detail) {
      if (refusals.admit(uid ?? UNKNOWN_UID, `session ${why}`) !== 'whole') return;
      log.warn({ reason: why, detail }, 'a connection was refused');
      void record('session-refused', { reason: why, uid });
    },
  });

  return Object.assign(sessions, {
    passUntaken() {
      for (const session of sessions.all()) if (!session.taken) pass(session);
    },
  });
}
