import type { IntentClaims, OutcomeClaims, RefusalClaims } from '../boundary/messages.ts';
import type { AuditFields, AuditLog } from './audit/log.ts';
import { type ParamsKey, paramsHash } from './audit/params-hash.ts';
import type { Refusals } from './audit/refusals.ts';
import type { Launch } from './launch/launches.ts';
import type { Session } from './session/sessions.ts';

/** A call whose intent is recorded and whose outcome is not. */
interface OpenCall {
  /** Whether its intent is written. */
  readonly intended: Promise<boolean>;
  readonly session: number;
  readonly uid: number;
  readonly request: string;
  readonly method: string;
  readonly at: number;
  readonly launches: number[];
}

/** Launches that one call may have; its records name them all. */
const LAUNCHES_PER_CALL = 8;
/** Longest wait of a launch for its call's intent, in milliseconds: the two come on channels of their own. */
const INTENT_WITHIN_MS = 5_000;

export interface Calls {
  /** Records an intent; settles when it is written. False where the broker has used the number already. */
  intent(session: Session, claims: IntentClaims): Promise<unknown> | false;
  /** Records an outcome; settles when it is durable. False where there is no such intent. */
  outcome(claims: OutcomeClaims): Promise<unknown> | false;
  /** Records a call that was refused before any intent. */
  refusal(session: Session, claims: RefusalClaims): Promise<unknown>;
  /**
   * Whether a launch is for an open call of its own session; settles when that call's intent is written. Nothing is
   * handed over before (invariant 11).
   */
  intended(launch: Launch): Promise<boolean>;
  /** Closes every open call as interrupted: its broker ended. */
  interrupt(): Promise<unknown>;
  /** Closes as interrupted the calls whose outcome could not be written; for when the log can be written again. */
  closeUnrecorded(): Promise<unknown>;
  readonly open: number;
}

/**
 * The records of calls: what the monitor saw stands in `facts`, what the broker said in `claims`, each written anew
 * from bounded fields (invariant 13: of the params only the keyed hash).
 */
export function createCalls(
  log: AuditLog,
  key: ParamsKey,
  refusals: Refusals,
  durability: () => 'outcome' | 'intent' | 'none',
): Calls {
  const open = new Map<number, OpenCall>();
  /** Calls that ended while the log could not be written. They count as open, so that they are bounded like those. */
  const unrecorded = new Map<number, OpenCall>();
  /** Launches whose call's intent has not come yet; as many as launches may be alive. */
  const waiting = new Map<number, () => void>();

  function hashed(method: string | null, sha256: string | null): AuditFields {
    if (method === null || sha256 === null) return {};
    return { params_hash: paramsHash(key, method, Buffer.from(sha256, 'hex')), params_key: key.id };
  }

  function intentComes(call: number): Promise<void> {
    return new Promise((resolve) => {
      const settle = (): void => {
        clearTimeout(timer);
        waiting.delete(call);
        resolve();
      };
      const timer = setTimeout(settle, INTENT_WITHIN_MS);
      waiting.set(call, settle);
    });
  }

  function closeAsInterrupted([call, ended]: readonly [number, OpenCall]): Promise<unknown> {
    const { session, uid, request, method, launches } = ended;
    return log.append('interrupted', { session, uid, launches }, { call, request_id: request, method }, true);
  }

  return {
    intent(session, claims) {
      if (open.has(claims.call)) return false;
      const { call, request, method, policies, notification, trace, span, generation } = claims;
      const uid = session.caller.uid;
      const written = log.append(
        'call-start',
        { session: session.number, uid, generation },
        {
          ...{ call, request_id: request, method, policies, notification },
          ...hashed(method, claims.params),
          ...(trace === null ? {} : { trace_id: trace, span_id: span }),
        },
        durability() === 'intent',
      );
      const intended = written.then(
        () => true,
        () => {
          // Nothing runs without a recorded intent, and no outcome will come for it.
          open.delete(call);
          return false;
        },
      );
      open.set(call, {
        ...{ intended, session: session.number, uid, request, method },
        ...{ at: performance.now(), launches: [] },
      });
      waiting.get(call)?.();
      return written;
    },
    outcome(claims) {
      const call = open.get(claims.call);
      if (call === undefined) return false;
      open.delete(claims.call);
      const written = log.append(
        'call-end',
        {
          ...{ session: call.session, uid: call.uid, launches: call.launches },
          duration_ms: Math.round(performance.now() - call.at),
        },
        {
          ...{ call: claims.call, request_id: call.request, method: call.method, outcome: claims.outcome },
          ...{
            error_code: claims.error,
            handed_over: claims.handed,
            bytes_in: claims.bytesIn,
            bytes_out: claims.bytesOut,
            bytes_dropped: claims.bytesDropped,
          },
          ...{ waited_us: claims.waitedMicroseconds, ran_us: claims.ranMicroseconds },
          scrubbed: Object.fromEntries(claims.scrubbed.map(({ rule, count }) => [rule, count])),
        },
        durability() !== 'none',
      );
      written.catch(() => unrecorded.set(claims.call, call));
      return written;
    },
    refusal(session, claims) {
      const { uid } = session.caller;
      if (refusals.admit(uid, claims.reason) === 'counted') return Promise.resolve();
      return log.append(
        claims.kind,
        { session: session.number, uid },
        {
          ...{
            request_id: claims.request,
            reason: claims.reason,
            method: claims.method,
            error_code: claims.error,
          },
          ...hashed(claims.method, claims.params),
        },
        durability() !== 'none',
      );
    },
    async intended({ call: number, session, number: launch }) {
      if (!open.has(number)) await intentComes(number);
      const call = open.get(number);
      if (call === undefined || call.session !== session || call.launches.length >= LAUNCHES_PER_CALL)
        return false;
      call.launches.push(launch);
      return call.intended;
    },
    interrupt() {
      const records = [...unrecorded, ...open].map(closeAsInterrupted);
      open.clear();
      unrecorded.clear();
      return Promise.all(records);
    },
    closeUnrecorded() {
      const records = [...unrecorded].map(closeAsInterrupted);
      unrecorded.clear();
      return Promise.all(records);
    },
    get open() {
      return open.size + unrecorded.size;
    },
  };
}
