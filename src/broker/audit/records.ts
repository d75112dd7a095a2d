import { createHash } from 'node:crypto';
import { MAXIMUM_CLAIM, MAXIMUM_POLICIES, MAXIMUM_SCRUB_RULES } from '../../boundary/messages.ts';
import { errorTable } from '../../shared/errors.ts';
import { canonicalJson } from '../../shared/json/canonical.ts';
import type { Admitted, Finished, Received, Refused } from '../call.ts';
import { readMetadata } from '../frame/metadata.ts';
import type { Recorded } from '../monitor-link.ts';
import type { ScrubCounts } from '../scrub/scrubber.ts';
import type { Services } from '../services.ts';

/** An intent on its way: settles with whether it was recorded, or why not. */
export type Intent = Promise<Recorded>;

export function openRecord(admitted: Admitted, { monitor }: Services): Intent {
  const { session, generation, requestId, request, paramsSha256, policies, metadata, call } = admitted;
  return monitor.record({
    ...{ type: 'intent', call, session: session.number, generation: generation.number, request: requestId },
    method: claim(request.method),
    params: paramsSha256,
    policies: policies.slice(0, MAXIMUM_POLICIES).map(claim),
    notification: request.id === undefined,
    trace: metadata.traceparent?.traceId ?? null,
    span: metadata.traceparent?.spanId ?? null,
  });
}

/**
 * An outcome belongs to an intent: where that was not recorded, the monitor has counted the call already.
 * @returns whether a reply may say what came of the call (invariant 11: its outcome is durable before)
 */
export async function closeRecord(
  finished: Finished,
  intent: Intent,
  { monitor }: Services,
): Promise<boolean> {
  if ((await intent) !== 'recorded') return true;
  const { run, call, bytesIn } = finished;
  const recorded = await monitor.record({
    ...{
      type: 'outcome',
      call,
      outcome: run.outcome,
      handed: run.handedOver,
      bytesIn,
      bytesOut: run.bytesOut,
      bytesDropped: run.bytesDropped,
    },
    error: run.answer.ok ? null : errorTable[run.answer.reason].code,
    waitedMicroseconds: run.waitedMicroseconds,
    ranMicroseconds: run.ranMicroseconds,
    scrubbed: scrubClaims(run.scrubbed),
  });
  return recorded === 'recorded';
}

/** A refusal without a record is counted by the monitor; the caller is told the refusal either way. */
export async function recordRefusal(received: Received, exit: Refused, { monitor }: Services): Promise<void> {
  await monitor.record({
    ...{ type: 'refusal', session: received.session.number, request: received.requestId },
    ...{ kind: exit.kind, reason: exit.reason, error: errorTable[exit.reason].code },
    method: claim(received.request.method),
    params: hashOf(received),
  });
}

/** Of params that no schema has seen: without `_meta` where that can be told apart, so that equal calls look equal. */
function hashOf({ request }: Received): string {
  const reading = readMetadata(request.params);
  const params = (reading.kind === 'read' ? reading.params : request.params) ?? Object.create(null);
  return createHash('sha256').update(canonicalJson(params)).digest('hex');
}

/** Printable ASCII of bounded length, as the boundary demands; the rest of a caller's text is no claim. */
function claim(text: string): string {
  return text.slice(0, MAXIMUM_CLAIM).replace(/[^\x20-\x7e]/g, '?');
}

function scrubClaims(counts: ScrubCounts): { rule: string; count: number }[] {
  const all = [...counts].map(([rule, count]) => ({ rule: claim(rule), count }));
  if (all.length <= MAXIMUM_SCRUB_RULES) return all;
  const named = all.slice(0, MAXIMUM_SCRUB_RULES - 1);
  const rest = all.slice(MAXIMUM_SCRUB_RULES - 1).reduce((sum, { count }) => sum + count, 0);
  return [...named, { rule: 'other', count: rest }];
}
