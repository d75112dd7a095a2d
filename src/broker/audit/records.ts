import {
  type IntentClaims,
  MAXIMUM_PARAM_NAME,
  MAXIMUM_PARAM_NAMES,
  MAXIMUM_POLICIES,
  MAXIMUM_SCRUB_RULES,
} from '../../boundary/messages.ts';
import { paramsDigest } from '../../shared/audit/params-hash.ts';
import { errorTable } from '../../shared/errors.ts';
import type { Admitted, Finished, Received, Refused } from '../call.ts';
import type { Request } from '../frame/envelope.ts';
import { type Metadata, readMetadata } from '../frame/metadata.ts';
import { newTrace } from '../frame/traceparent.ts';
import type { Recorded } from '../monitor-link.ts';
import { errorOfRefusal } from '../respond/error-of-refusal.ts';
import { BUDGET_NAME } from '../scrub/admin/budget.ts';
import type { Scrubber, ScrubCounts } from '../scrub/scrubber.ts';
import type { Services } from '../services.ts';
import { claim, scrubbedClaim, scrubbedReason } from './claim-text.ts';
import { durationsOf } from './durations.ts';

/** An intent on its way: settles with whether it was recorded, or why not. */
export type Intent = Promise<Recorded>;

/** @param launch that was started before the call and serves it */
export function openRecord(
  admitted: Admitted,
  { monitor, scrubber }: Services,
  launch: number | null,
): Intent {
  const { session, generation, requestId, request, policies, metadata, call, target } = admitted;
  const { params, names } = paramsClaims(admitted, scrubber);
  const { trace, span, because } = saidBy(metadata, scrubber);
  // Field by field, as below: what is spread into a record is copied slowly, and each call has two.
  return monitor.record((serial) => ({
    type: 'intent',
    serial,
    call,
    session: session.number,
    generation: generation.number,
    request: requestId,
    launch,
    method: claim(request.method),
    params,
    names,
    policies: policyClaims(policies),
    notification: request.id === undefined,
    trace,
    span,
    because,
    durable: target.kind === 'driver' && target.method.destructive,
  }));
}

/**
 * An outcome belongs to an intent: where that was not recorded, the monitor has counted the call already.
 * @param intent as it is, or on its way
 * @returns whether a reply may say what came of the call (invariant 11: its outcome is durable before)
 */
export async function closeRecord(
  finished: Finished,
  intent: Recorded | Intent,
  { monitor }: Services,
): Promise<boolean> {
  const intended = typeof intent === 'string' ? intent : await intent;
  if (intended !== 'recorded') return true;
  const { run, call, bytesIn } = finished;
  const { waitedMicroseconds, ranMicroseconds, stages } = durationsOf(finished);
  const recorded = await monitor.record((serial) => ({
    type: 'outcome',
    serial,
    call,
    outcome: run.outcome,
    handed: run.handedOver,
    bytesIn,
    bytesOut: run.bytesOut,
    bytesDropped: run.bytesDropped,
    controlsRemoved: run.controlsRemoved,
    error: run.answer.ok ? null : errorTable[run.answer.reason].code,
    waitedMicroseconds,
    ranMicroseconds,
    stages,
    scrubbed: scrubClaims(run.scrubbed),
  }));
  return recorded === 'recorded';
}

/** A refusal without a record is counted by the monitor; the caller is told the refusal either way. */
export async function recordRefusal(
  received: Received,
  exit: Refused,
  { monitor, scrubber }: Services,
): Promise<void> {
  const { session, requestId, request, generation } = received;
  const reading = readMetadata(request.params);
  const isHashed = (generation.methods.get(request.method)?.paramsOnRecord ?? 'hash') === 'hash';
  await monitor.record((serial) => ({
    ...{ type: 'refusal', serial, session: session.number, request: requestId },
    ...{ kind: exit.kind, reason: exit.reason, error: errorTable[errorOfRefusal(exit.reason)].code },
    // A name that stands for nothing is whatever a caller wrote.
    method:
      generation.methods.has(request.method) || generation.builtIns.has(request.method)
        ? claim(request.method)
        : scrubbedClaim(scrubber(), request.method),
    // Of params that no schema has seen: without `_meta` where that can be told apart, so that equal calls look equal.
    params: isHashed ? digestOf(reading.kind === 'read' ? reading.params : request.params) : null,
    policies: policyClaims(exit.policies),
    ...saidBy(reading.kind === 'read' ? reading.metadata : null, scrubber),
  }));
}

/** What a call says about itself. Each has a trace: where the caller gave none, one begins here. */
function saidBy(
  metadata: Metadata | null,
  scrubber: () => Scrubber,
): Pick<IntentClaims, 'trace' | 'span' | 'because'> {
  const { traceId: trace, spanId: span } = metadata?.traceparent ?? newTrace();
  const reason = metadata?.reason;
  return { trace, span, because: reason === undefined ? null : scrubbedReason(scrubber(), reason) };
}

/** What the profile has on record of valid params. Names are those that the schema let through. */
function paramsClaims(
  { target, params, paramsSha256 }: Admitted,
  scrubber: () => Scrubber,
): Pick<IntentClaims, 'params' | 'names'> {
  const onRecord = target.kind === 'driver' ? target.method.paramsOnRecord : 'hash';
  if (onRecord !== 'names') return { params: onRecord === 'hash' ? paramsSha256 : null, names: null };
  const names = Object.keys(params).sort().slice(0, MAXIMUM_PARAM_NAMES);
  const scrubbing = scrubber();
  return { params: null, names: names.map((name) => scrubbedClaim(scrubbing, name, MAXIMUM_PARAM_NAME)) };
}

function policyClaims(policies: readonly string[]): string[] {
  return policies.slice(0, MAXIMUM_POLICIES).map((policy) => claim(policy));
}

function digestOf(params: Request['params']): string {
  return paramsDigest(params ?? Object.create(null));
}

function scrubClaims(counts: ScrubCounts): { rule: string; count: number }[] {
  if (counts.size === 0) return [];
  // That a rule ran out of its time is on record however many others applied.
  const place = ([rule]: readonly [string, number]): number => (rule === BUDGET_NAME ? 0 : 1);
  const sorted = [...counts].toSorted((one, other) => place(one) - place(other));
  const all = sorted.map(([rule, count]) => ({ rule: claim(rule), count }));
  if (all.length <= MAXIMUM_SCRUB_RULES) return all;
  const named = all.slice(0, MAXIMUM_SCRUB_RULES - 1);
  const rest = all.slice(MAXIMUM_SCRUB_RULES - 1).reduce((sum, { count }) => sum + count, 0);
  return [...named, { rule: 'other', count: rest }];
}
