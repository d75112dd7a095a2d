import type { LaunchEnd, LaunchRefusal, Outcome } from '../../boundary/messages.ts';
import type { ErrorReason } from '../../shared/errors.ts';
import type { JsonObject } from '../../shared/json-value.ts';
import type { Intent } from '../audit/records.ts';
import type { Admitted, Answer, Run } from '../call.ts';
import type { Method } from '../catalogue/catalogue.ts';
import type { Services } from '../services.ts';
import { converse, type Told } from './converse.ts';
import { prepareInput } from './prepare-input.ts';
import { closeUnread } from './streams.ts';

/** A run in which no driver did anything. */
const NOTHING_RAN: Omit<Run, 'outcome' | 'answer'> = {
  ...{ handedOver: false, bytesOut: 0, bytesDropped: 0, controlsRemoved: 0, isolation: null },
  ...{ scrubbed: new Map(), waitedMicroseconds: 0, ranMicroseconds: 0 },
};

/**
 * Runs an admitted call: asks for a launch, waits for the intent's record and the launch, hands over, hears the
 * driver out. Whatever happens, the driver's processes are dead when this settles (invariant 9).
 */
export async function run(admitted: Admitted, intent: Intent, services: Services): Promise<Run> {
  if (admitted.target.kind === 'built-in') return runBuiltIn(admitted, intent);
  const { method } = admitted.target;
  const started = performance.now();
  const microseconds = (from: number, to: number): number => Math.round((to - from) * 1000);
  const early = (outcome: Outcome, reason: ErrorReason, extra: JsonObject = {}): Run => ({
    ...NOTHING_RAN,
    outcome,
    answer: failure(reason, extra),
    waitedMicroseconds: microseconds(started, performance.now()),
  });

  const input = prepareInput(method, admitted);
  if (!input.ok) {
    await intent;
    return early('driver-error', 'invalid-params', { at: input.at, rule: input.rule });
  }
  const [recorded, grant] = await Promise.all([
    intent,
    services.monitor.launch({
      ...{ profile: method.profile, session: admitted.session.number },
      ...{ call: admitted.call, generation: admitted.generation.number },
    }),
  ]);
  if (typeof grant === 'string') {
    services.log.warn({ request: admitted.requestId, reason: grant }, 'a launch was refused');
    return early(...refusedLaunch(grant));
  }
  const kill = (): void => services.monitor.send({ type: 'end-launch', launch: grant.launch });
  if (recorded !== 'recorded' || admitted.cancelled.aborted) {
    kill();
    closeUnread(grant);
    await grant.ended;
    return recorded === 'recorded'
      ? early('disconnected', 'cancelled')
      : early('cancelled', 'audit-unavailable');
  }
  const handedAt = performance.now();
  let told: Told;
  try {
    told = await converse({ admitted, method, grant, input: input.bytes, kill }, services);
  } catch (error) {
    kill();
    await grant.ended;
    throw error;
  }
  return {
    ...judge(method, told),
    handedOver: true,
    bytesOut: told.bytesOut,
    bytesDropped: told.bytesDropped,
    controlsRemoved: input.removed,
    scrubbed: told.scrubbed,
    isolation: grant.isolation,
    waitedMicroseconds: microseconds(started, handedAt),
    ranMicroseconds: microseconds(handedAt, performance.now()),
  };
}

async function runBuiltIn(admitted: Admitted, intent: Intent): Promise<Run> {
  const recorded = await intent;
  if (recorded !== 'recorded' || admitted.target.kind !== 'built-in') {
    return { ...NOTHING_RAN, outcome: 'cancelled', answer: failure('audit-unavailable') };
  }
  const result = await admitted.target.builtIn.answer(admitted, admitted.generation);
  return { ...NOTHING_RAN, outcome: 'ok', answer: { ok: true, result, driver: null } };
}

function refusedLaunch(reason: LaunchRefusal): [Outcome, ErrorReason] {
  switch (reason) {
    case 'audit-unavailable':
      return ['launch-refused', 'audit-unavailable'];
    case 'too-many-launches':
    case 'too-many-launches-per-second':
      return ['overloaded', 'overloaded'];
    case 'paused':
      return ['launch-refused', 'paused'];
    case 'draining':
      return ['cancelled', 'shutting-down'];
    case 'peer-gone':
      return ['disconnected', 'cancelled'];
    default:
      return ['launch-refused', 'launch-refused'];
  }
}

/** One outcome, whatever ended at the same moment (D13): the first cause that was seen decides. */
function judge(method: Method, told: Told): { outcome: Outcome; answer: Answer } {
  const extra = method.stderrInErrors ? { driver: told.driver } : {};
  switch (told.end) {
    case 'answered':
      return { outcome: told.answer.ok ? 'ok' : 'driver-error', answer: told.answer };
    case 'timeout':
      return { outcome: 'timeout', answer: failure('timeout', extra) };
    case 'disconnected':
      return { outcome: 'disconnected', answer: failure('cancelled') };
    case 'output-limit':
      return { outcome: 'output-limit', answer: failure('output-limit') };
    case 'bad-output':
      return { outcome: 'bad-output', answer: failure('driver-bad-output', { ...told.place, ...extra }) };
    case 'ended':
      return endedWithoutAnswer(told.launchEnd, extra);
  }
}

function endedWithoutAnswer(end: LaunchEnd, extra: JsonObject): { outcome: Outcome; answer: Answer } {
  if (end === 'wall-limit') return { outcome: 'timeout', answer: failure('timeout', extra) };
  if (end === 'memory-limit' || end === 'process-limit') {
    const limit = end === 'memory-limit' ? 'memory' : 'processes';
    return { outcome: 'resource-limit', answer: failure('resource-limit', { limit, ...extra }) };
  }
  if (end === 'exit') return { outcome: 'crashed', answer: failure('driver-failed', extra) };
  return { outcome: 'cancelled', answer: failure('cancelled') };
}

/** The run of a call that a fault of ours ended; whether the driver had its request is not known, so it may have. */
export function failedRun(): Run {
  return { ...NOTHING_RAN, handedOver: true, outcome: 'internal-error', answer: failure('internal-error') };
}

export function failure(reason: ErrorReason, extra: JsonObject = {}): Answer {
  return { ok: false, reason, message: null, extra };
}
