import type { Server, Socket } from 'node:net';
import { type Descriptor, ownDescriptor } from '../../posix/descriptor.ts';
import { duplicateDescriptor } from '../../posix/descriptor-passing.ts';
import { peerHasGone } from '../../posix/poll.ts';
import type { AuditFields } from '../../shared/audit/fields.ts';
import { createRate, type Rate } from '../rate.ts';
import { identify } from './identify.ts';
import type { KnownCaller } from './known-caller.ts';

/** How long a session whose peer has gone still takes calls: a notification sent just before leaving, in milliseconds. */
const GONE_GRACE_MS = 3_000;
/** How often every session is asked whether its peer is still there, in milliseconds. */
const SWEEP_EVERY_MS = 1_000;
/** An answer counts for so long, in milliseconds: of many calls at once one asks. */
const ANSWER_COUNTS_MS = 10;
/** Identities whose rate is remembered. */
const RATES_KEPT = 1_024;
/** Descriptors kept free for launches, files and the broker's pairs. */
const DESCRIPTOR_RESERVE = 128;

/** One accepted connection. The monitor keeps a copy of it, which it asks by poll(2) and never reads. */
export interface Session {
  readonly number: number;
  readonly caller: KnownCaller;
  readonly copy: Descriptor;
  /** Whether a broker has taken the connection; it dies with that broker. */
  taken: boolean;
  goneSince: number | null;
  /** performance.now() when it was asked last. */
  askedAt: number;
  /** The caller as the records of its calls have it. */
  readonly recorded: AuditFields;
}

export interface SessionEvents {
  opened(session: Session): void;
  /** After it: the number means nobody. */
  closed(session: Session, why: 'peer-gone' | 'broker-closed' | 'broker-ended' | 'stopping'): void;
  /** @param uid null where the kernel did not tell */
  refused(why: SessionRefusal, uid: number | null, detail: string): void;
}

export type SessionRefusal =
  | 'unidentified'
  | 'too-many-sessions'
  | 'too-many-sessions-per-second'
  | 'no-descriptor';

export type SessionState = 'live' | 'gone' | 'closed' | 'never-was';

export interface Sessions {
  /** Takes what the listener accepts. */
  accept(connection: Socket): void;
  get(number: number): Session | undefined;
  /** Whether calls may still be made in its name; asks the connection itself. */
  state(number: number): SessionState;
  close(number: number, why: 'broker-closed' | 'broker-ended' | 'stopping'): void;
  all(): Iterable<Session>;
  readonly count: number;
  stop(): void;
}

export interface SessionLimits {
  /** Most sessions at once, within the process's descriptors less a reserve. */
  readonly sessions: () => number;
  /** Most sessions of one identity in a second. */
  readonly perSecond: () => number;
}

/** Makes what records say of a caller. */
export type Describe = (caller: KnownCaller) => AuditFields;

export function createSessions(
  server: Server,
  limits: SessionLimits,
  describe: Describe,
  events: SessionEvents,
): Sessions {
  const sessions = new Map<number, Session>();
  /** Each session is on record: who connects in a loop must not fill the disk. */
  const rates = new Map<number, Rate>();
  let last = 0;

  function rateOf(uid: number): Rate {
    const known = rates.get(uid);
    if (known !== undefined) return known;
    // A new bucket is full, and so is one that nobody used for a second: forgetting them all changes little.
    if (rates.size >= RATES_KEPT) rates.clear();
    const rate = createRate(limits.perSecond);
    rates.set(uid, rate);
    return rate;
  }

  function close(session: Session, why: Parameters<SessionEvents['closed']>[1]): void {
    if (!sessions.delete(session.number)) return;
    session.copy.close();
    events.closed(session, why);
  }

  function isGone(session: Session): boolean {
    const now = performance.now();
    if (session.goneSince === null && now - session.askedAt >= ANSWER_COUNTS_MS) {
      session.askedAt = now;
      if (peerHasGone(session.copy.number)) session.goneSince = now;
    }
    return session.goneSince !== null && now - session.goneSince > GONE_GRACE_MS;
  }

  const sweep = setInterval(() => {
    for (const session of sessions.values()) if (isGone(session)) close(session, 'peer-gone');
  }, SWEEP_EVERY_MS);

  function accept(connection: Socket): void {
    const descriptor = descriptorOf(connection);
    try {
      if (descriptor === null)
        return events.refused('no-descriptor', null, 'the connection has no descriptor');
      const caller = identify(descriptor);
      const { uid } = caller;
      if (sessions.size >= limits.sessions())
        return events.refused('too-many-sessions', uid, `${sessions.size} are open`);
      if (!rateOf(uid).take()) return events.refused('too-many-sessions-per-second', uid, `of uid ${uid}`);
      last += 1;
      const copy = ownDescriptor(duplicateDescriptor(descriptor));
      const recorded = describe(caller);
      const session: Session = {
        ...{ number: last, caller, copy, taken: false },
        ...{ goneSince: null, askedAt: Number.NEGATIVE_INFINITY, recorded },
      };
      sessions.set(last, session);
      events.opened(session);
    } catch (error) {
      events.refused('unidentified', null, error instanceof Error ? error.message : 'unknown');
    } finally {
      // Node's own descriptor; under pauseOnConnect this is a plain close, and nothing was read.
      connection.destroy();
    }
  }

  server.on('connection', accept);
  return {
    accept,
    get: (number) => sessions.get(number),
    state(number) {
      const session = sessions.get(number);
      if (session === undefined) return number > 0 && number <= last ? 'closed' : 'never-was';
      return isGone(session) ? 'gone' : 'live';
    },
    close(number, why) {
      const session = sessions.get(number);
      if (session !== undefined) close(session, why);
    },
    all: () => sessions.values(),
    get count() {
      return sessions.size;
    },
    stop() {
      clearInterval(sweep);
      for (const session of [...sessions.values()]) close(session, 'stopping');
    },
  };
}

/** The most sessions that this process's descriptors allow, each needing one here. */
export function sessionsForDescriptors(openFiles: number): number {
  return Math.max(0, openFiles - DESCRIPTOR_RESERVE);
}

function descriptorOf(connection: Socket): number | null {
  const handle: unknown = '_handle' in connection ? connection._handle : null;
  if (typeof handle !== 'object' || handle === null || !('fd' in handle)) return null;
  return typeof handle.fd === 'number' && handle.fd >= 0 ? handle.fd : null;
}
