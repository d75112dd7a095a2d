import type { IntentClaims, OutcomeClaims, RefusalClaims } from '../boundary/messages.ts';
import type { AuditFields, AuditLog } from './audit/log.ts';
import { type ParamsKey, paramsHash } from './audit/params-hash.ts';
import type { Refusals } from './audit/refusals.ts';
import type { Launch } from './launch/launches.ts';
import type { Session } from './session/sessions.ts';

/** A call whose intent is recorded and whose outcome is not. */
interface OpenCall {
  readonly session: number;
  readonly uid: number;
  readonly request: string;
  readonly method: string;
  readonly at: number;
  launches: number[];
}

export interface Calls {
  /** Records an intent; settles when it is written. False where the broker has used the number already. */
  intent(session: Session, claims: IntentClaims): Promise<unknown> | false;
  /** Records an outcome; settles when it is durable. False where there is no such intent. */
  outcome(claims: OutcomeClaims): Promise<unknown> | false;
  /** Records a call that was refused before any intent. */
  refusal(session: Session, claims: RefusalClaims): Promise<unknown>;
  launched(launch: Launch): void;
  /** Closes every open call as interrupted: its broker ended. */
  interrupt(): Promise<unknown>;
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

  function hashed(method: string | null, sha256: string | null): AuditFields {
    if (method === null || sha256 === null) return {};
    return { params_hash: paramsHash(key, method, Buffer.from(sha256, 'hex')), params_key: key.id };
  }

  return {
    intent(session, claims) {
      if (open.has(claims.call)) return false;
      const { call, request, method, policies, notification, trace, span, generation } = claims;
      const uid = session.caller.uid;
      open.set(call, { session: session.number, uid, request, method, at: performance.now(), launches: [] });
      return log.append(
        'call-start',
        { session: session.number, uid, generation },
        {
          ...{ call, request_id: request, method, policies, notification },
          ...hashed(method, claims.params),
          ...(trace === null ? {} : { trace_id: trace, span_id: span }),
        },
        durability() === 'intent',
      );
    },
    outcome(claims) {
      const call = open.get(claims.call);
      if (call === undefined) return false;
      open.delete(claims.call);
      return log.append(
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
          },
          ...{ waited_us: claims.waitedMicroseconds, ran_us: claims.ranMicroseconds },
          scrubbed: Object.fromEntries(claims.scrubbed.map(({ rule, count }) => [rule, count])),
        },
        durability() !== 'none',
      );
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
    launched(launch) {
      open.get(launch.call)?.launches.push(launch.number);
    },
    interrupt() {
      const records = [...open].map(([call, { session, uid, request, method, launches }]) =>
        log.append('interrupted', { session, uid, launches }, { call, request_id: request, method }, true),
      );
      open.clear();
      return Promise.all(records);
    },
    get open() {
      return open.size;
    },
  };
}
