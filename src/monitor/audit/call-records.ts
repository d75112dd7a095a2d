import { END_OF_OUTCOME, END_OF_REFUSAL } from '../../boundary/end-reasons.ts';
import type { IntentClaims, OutcomeClaims, RefusalClaims } from '../../boundary/messages.ts';
import { type AuditFields, keepText } from '../../shared/audit/fields.ts';
import { type ParamsKey, paramsHash } from '../../shared/audit/params-hash.ts';
import type { Profile } from '../../shared/configuration/types.generated.ts';
import type { Session } from '../session/sessions.ts';

/** What the monitor saw itself, and what the broker told it: each written anew from bounded fields. */
export interface RecordParts {
  readonly facts: AuditFields;
  readonly claims: AuditFields;
}

/** What may be on record of a call's params (invariant 13), and the key of their hash. */
export interface ParamsRule {
  readonly key: ParamsKey;
  readonly onRecord: Profile['params'];
}

/** What later records of a call repeat of its intent. */
export interface CallIdentity {
  readonly session: number;
  readonly uid: number;
  readonly call: number;
  readonly request: string;
  readonly method: string;
  readonly trace: string;
  readonly span: string;
}

/** A call's launches, and what the monitor saw of the last one that ended. */
export interface CallRun {
  readonly launches: readonly number[];
  /** null: none has ended. */
  readonly run: AuditFields | null;
}

/** The monitor's own durations of a call, in microseconds; null: there was no such stage. */
export type CallStages = {
  readonly intent: number;
  readonly launch: number | null;
  readonly run: number | null;
  readonly total: number;
};

export function intentRecord(session: Session, said: IntentClaims, rule: ParamsRule): RecordParts {
  const { call, request, method, policies, notification, generation, launch, trace, span, because } = said;
  const claims: AuditFields = {
    call,
    request_id: request,
    method,
    decision: 'permit',
    policies,
    notification,
    ...paramsClaims(said, rule),
    trace_id: trace,
    span_id: span,
  };
  return {
    facts: intentFacts(session, generation, launch),
    claims: because === null ? claims : { ...claims, reason_text: because },
  };
}

interface SameFacts {
  readonly generation: number;
  readonly launch: number | null;
  readonly facts: AuditFields;
}

const lastFacts = new WeakMap<Session, SameFacts>();

/** The same in all intents of a session under one configuration and for one persistent driver, and a third of their bytes. */
function intentFacts(session: Session, generation: number, launch: number | null): AuditFields {
  const last = lastFacts.get(session);
  if (last?.generation === generation && last.launch === launch) return last.facts;
  const named = launch === null ? {} : { launch };
  const facts = keepText({ session: session.number, ...session.recorded, generation, ...named });
  lastFacts.set(session, { generation, launch, facts });
  return facts;
}

export function outcomeRecord(
  of: CallIdentity,
  { launches, run }: CallRun,
  stages: CallStages,
  said: OutcomeClaims,
): RecordParts {
  const { session, uid } = of;
  const duration = Math.round(stages.total / 1000);
  return {
    facts: { session, uid, launches, run, duration_ms: duration, stages_us: stages },
    claims: {
      call: of.call,
      request_id: of.request,
      method: of.method,
      trace_id: of.trace,
      span_id: of.span,
      outcome: said.outcome,
      end_reason: END_OF_OUTCOME[said.outcome],
      error_code: said.error,
      handed_over: said.handed,
      bytes_in: said.bytesIn,
      bytes_out: said.bytesOut,
      bytes_dropped: said.bytesDropped,
      control_characters_removed: said.controlsRemoved,
      waited_us: said.waitedMicroseconds,
      ran_us: said.ranMicroseconds,
      stages_us: said.stages,
      scrubbed: Object.fromEntries(said.scrubbed.map(({ rule, count }) => [rule, count])),
    },
  };
}

export function refusalRecord(session: Session, said: RefusalClaims, rule: ParamsRule): RecordParts {
  const { request, reason, method, error, kind, policies } = said;
  return {
    facts: { session: session.number, ...session.recorded },
    claims: {
      ...{ request_id: request, reason, end_reason: END_OF_REFUSAL[reason], method, error_code: error },
      ...(kind === 'denied' ? { decision: 'deny', policies } : {}),
      ...paramsClaims({ ...said, names: null }, rule),
      ...saidByCaller(said),
    },
  };
}

/** Why a call has no outcome. */
export type InterruptedWhy = 'broker-ended' | 'daemon-ended' | 'stopping' | 'unrecorded';

export function interruptedRecord(
  of: CallIdentity,
  { launches, run }: CallRun,
  why: InterruptedWhy,
): RecordParts {
  const { session, uid } = of;
  return {
    facts: { session, uid, launches, run, why, end_reason: 'interrupted' },
    claims: identityClaims(of),
  };
}

function identityClaims({ call, request, method, trace, span }: CallIdentity): AuditFields {
  return { call, request_id: request, method, trace_id: trace, span_id: span };
}

function saidByCaller({
  trace,
  span,
  because,
}: Pick<IntentClaims, 'trace' | 'span' | 'because'>): AuditFields {
  return { trace_id: trace, span_id: span, ...(because === null ? {} : { reason_text: because }) };
}

/** What the profile allows, whatever the broker sent. */
function paramsClaims(
  { method, params, names }: { readonly method: string | null } & Pick<IntentClaims, 'params' | 'names'>,
  { key, onRecord }: ParamsRule,
): AuditFields {
  if (onRecord === 'names') return names === null ? {} : { params_names: names };
  if (onRecord === 'omit' || method === null || params === null) return {};
  return { params_hash: paramsHash(key, method, params), params_key: key.id };
}
