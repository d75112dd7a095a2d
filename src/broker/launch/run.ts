import { LAUNCH_REFUSALS, type LaunchEnd, type LaunchRefusal } from '../../boundary/launch-words.ts';
import type { Outcome } from '../../boundary/messages.ts';
import type { ErrorReason } from '../../shared/errors.ts';
import type { JsonObject } from '../../shared/json-value.ts';
import type { Intent } from '../audit/records.ts';
import type { BuiltIn } from '../builtin/built-in.ts';
import type { Admitted, Answer, Run, RunTimes } from '../call.ts';
import type { Method } from '../catalogue/catalogue.ts';
import type { LaunchGrant, PooledLaunch, Recorded } from '../monitor-link.ts';
import { runPersistent } from '../persistent/run-persistent.ts';
import type { Begun, Source } from '../pool/begin.ts';
import type { Services } from '../services.ts';
import { converse, type Told } from './converse.ts';
import { prepareInput } from './prepare-input.ts';
import { closeUnread } from './streams.ts';

/** What came of a run, without the ends of its stages. */
type Ran = Omit<Run, 'times'>;

/** A run in which no driver did anything. */
const NOTHING_RAN: Omit<Ran, 'outcome' | 'answer'> = {
  ...{ handedOver: false, bytesOut: 0, bytesDropped: 0, controlsRemoved: 0, isolation: null },
  ...{ scrubbed: new Map(), streamed: null },
};

/** The ends of a run's stages, as they come. */
type Progress = { -readonly [Stage in keyof RunTimes]: RunTimes[Stage] };

/**
 * Runs an admitted call: asks for a launch, waits for the intent's record and the launch, hands over, hears the
 * driver out. Whatever happens, the driver's processes are dead when this settles (invariant 9). A fault of ours ends
 * the call with an outcome like any other; what it was stands in the operational log alone.
 */
export async function run(admitted: Admitted, begun: Begun, services: Services): Promise<Run> {
  const { askedAt: asked, source } = begun;
  const progress: Progress = {
    asked,
    intended: asked,
    launched: null,
    handedOver: null,
    ended: null,
    answered: asked,
  };
  let ran: Ran;
  try {
    ran = await runFrom(admitted, source, services, progress);
  } catch (error) {
    services.log.error({ request: admitted.requestId, error }, 'a call failed inside the broker');
    const answer = failure('internal-error');
    ran = { ...NOTHING_RAN, handedOver: progress.handedOver !== null, outcome: 'internal-error', answer };
  }
  progress.answered = performance.now();
  return { ...ran, times: progress };
}

function runFrom(
  admitted: Admitted,
  source: Source,
  services: Services,
  progress: Progress,
): Ran | Promise<Ran> {
  const { target } = admitted;
  if (target.kind === 'built-in') return runBuiltIn(admitted, target.builtIn, source.intent, progress);
  return source.kind === 'shared'
    ? runShared(admitted, target.method, source, services, progress)
    : runDriver(admitted, target.method, source, services, progress);
}

/** Of a call to which nothing was handed over. */
function early(outcome: Outcome, reason: ErrorReason, extra: JsonObject = {}): Ran {
  return { ...NOTHING_RAN, outcome, answer: failure(reason, extra) };
}

function runShared(
  admitted: Admitted,
  method: Method,
  { intent, place }: Extract<Source, { kind: 'shared' }>,
  services: Services,
  progress: Progress,
): Ran | Promise<Ran> {
  progress.intended = performance.now();
  if (intent !== 'recorded') return early(...refusedLaunch(refusalOf(intent)));
  const { why } = admitted.early;
  if (why !== null) return early(why, 'cancelled');
  progress.handedOver = performance.now();
  return runPersistent(admitted, method, place.process, services);
}

async function runDriver(
  admitted: Admitted,
  method: Method,
  source: Exclude<Source, { kind: 'shared' }>,
  services: Services,
  progress: Progress,
): Promise<Ran> {
  const { intent } = source;
  const ready = source.kind === 'ready' ? source.ready : null;
  const input = prepareInput(method, admitted);
  if (!input.ok) {
    const grant = ready === null ? 'no-intent' : await grantOf(ready, intent);
    if (typeof grant !== 'string') await dismiss(grant, services);
    await intent;
    progress.intended = performance.now();
    return early('driver-error', 'invalid-params', { at: input.at, rule: input.rule });
  }
  const [recorded, grant] = await Promise.all([
    intent.finally(() => {
      progress.intended = performance.now();
    }),
    ready === null ? launch(admitted, method, services, progress) : grantOf(ready, intent),
  ]);
  const { why } = admitted.early;
  if (grant === null) return early(why ?? 'cancelled', 'cancelled');
  if (typeof grant === 'string') {
    services.log.warn({ request: admitted.requestId, reason: grant }, 'a launch was refused');
    return early(...refusedLaunch(grant));
  }
  const kill = (): void => services.monitor.send({ type: 'end-launch', launch: grant.launch });
  const terminate = (): void => services.monitor.send({ type: 'terminate-launch', launch: grant.launch });
  if (recorded !== 'recorded' || why !== null) {
    await dismiss(grant, services);
    return recorded === 'recorded'
      ? early(why ?? 'cancelled', 'cancelled')
      : early('cancelled', 'audit-unavailable');
  }
  progress.handedOver = performance.now();
  let told: Told;
  try {
    told = await converse({ admitted, method, grant, input: input.bytes, kill, terminate }, services);
  } catch (error) {
    kill();
    await grant.ended;
    throw error;
  }
  progress.ended = told.endedAt;
  return {
    ...judge(method, told),
    handedOver: true,
    bytesOut: told.bytesOut,
    bytesDropped: told.bytesDropped,
    controlsRemoved: input.removed,
    scrubbed: told.scrubbed,
    streamed: told.streamed,
    isolation: grant.isolation,
  };
}

/** Null: the call was cancelled before its turn came. */
function launch(
  admitted: Admitted,
  method: Method,
  services: Services,
  progress: Progress,
): Promise<LaunchGrant | LaunchRefusal | null> {
  return services.launchTurns
    .during(
      admitted.session.caller.uid,
      async () => {
        if (admitted.early.why !== null) return null;
        return services.monitor.launch({
          ...{ profile: method.profile, session: admitted.session.number },
          ...{ call: admitted.call, generation: admitted.generation.number },
        });
      },
      async (granted) => {
        if (granted !== null && typeof granted !== 'string') await granted.ended;
      },
    )
    .finally(() => {
      progress.launched = performance.now();
    });
}

/** One that stands ready is handed over with the record of its intent; without that there is none. */
async function grantOf({ granted }: PooledLaunch, intent: Intent): Promise<LaunchGrant | LaunchRefusal> {
  const recorded = await intent;
  return recorded === 'recorded' ? granted : refusalOf(recorded);
}

/** What a call without a recorded intent is told: as if its launch had been refused. */
function refusalOf(unrecorded: Recorded): LaunchRefusal {
  return LAUNCH_REFUSALS.find((reason) => reason === unrecorded) ?? 'audit-unavailable';
}

/** Ends a driver that gets no request. */
async function dismiss(grant: LaunchGrant, { monitor }: Services): Promise<void> {
  monitor.send({ type: 'end-launch', launch: grant.launch });
  closeUnread(grant);
  await grant.ended;
}

async function runBuiltIn(
  admitted: Admitted,
  builtIn: BuiltIn,
  intent: Recorded | Intent,
  progress: Progress,
): Promise<Ran> {
  const recorded = await intent;
  progress.intended = performance.now();
  if (recorded !== 'recorded') {
    const answer = failure('audit-unavailable', builtIn.toldUnrecorded?.());
    return { ...NOTHING_RAN, outcome: 'cancelled', answer };
  }
  const result = await builtIn.answer(admitted, admitted.generation);
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
    case 'cancelled':
    case 'disconnected':
      return { outcome: told.end, answer: failure('cancelled') };
    case 'output-limit':
      return { outcome: 'output-limit', answer: failure('output-limit') };
    case 'unscrubbed':
      return { outcome: 'internal-error', answer: failure('internal-error') };
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
    return { outcome: end, answer: failure('resource-limit', { limit, ...extra }) };
  }
  if (end === 'exit') return { outcome: 'crashed', answer: failure('driver-failed', extra) };
  return { outcome: 'cancelled', answer: failure('cancelled') };
}

export function failure(reason: ErrorReason, extra: JsonObject = {}): Answer {
  return { ok: false, reason, message: null, extra };
}
