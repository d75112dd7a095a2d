import type { Outcome } from '../../boundary/messages.ts';
import type { JsonValue } from '../../shared/json-value.ts';
import type { Admitted, Answer, Run } from '../call.ts';
import type { Method } from '../catalogue/catalogue.ts';
import type { ConfiguredScrub } from '../configuration/configured-scrub.ts';
import type { EarlyEndReason } from '../connection/early-end.ts';
import { describeEnd, type Heard, timeLimit } from '../launch/converse.ts';
import { judgeResponse, scrubJudged } from '../launch/judge-response.ts';
import type { LaunchScrubber } from '../launch/launch-scrubber.ts';
import { failure } from '../launch/run.ts';
import type { KnownValues } from '../scrub/known-values.ts';
import type { ScrubCounts } from '../scrub/scrubber.ts';
import type { Services } from '../services.ts';
import { type BesideAnswer, hearBesideAnswer } from './beside-answer.ts';
import type { PersistentProcess, ProcessEnd } from './process.ts';

/** How long a process may take to answer a call that was cancelled, in milliseconds; then it is ended. */
const CANCEL_GRACE_MS = 1_000;

const NOTHING_SCRUBBED: ScrubCounts = new Map();

type Cause = EarlyEndReason | 'timeout' | 'output-limit';
/** What came of a request. */
type Came =
  /** Nothing in it can be a secret. */
  | { readonly kind: 'clean'; readonly result: JsonValue }
  | { readonly kind: 'heard'; readonly heard: Heard; readonly scrubber: LaunchScrubber }
  | { readonly kind: 'lost'; readonly end: ProcessEnd };

/** What is known of a call while its process has it. */
interface Conversation {
  bytesOut: number;
  /** Why it ends early: the first reason. */
  cause: Cause | null;
  /** Null: nothing has come but, perhaps, a clean answer. */
  beside: BesideAnswer | null;
}

/**
 * Hands a call over to a persistent process and waits for its answer. A call that is to end early is told to the process;
 * only one that does not answer that ends, with all the calls that it has.
 */
export async function runPersistent(
  admitted: Admitted,
  method: Method,
  running: PersistentProcess,
  services: Services,
): Promise<Omit<Run, 'times'>> {
  const { scrub } = admitted.generation;
  const { grant } = running;
  const borrowed =
    grant.secrets.length === 0 ? null : services.indexes.borrow([...grant.secrets, ...scrub.values]);
  const known = borrowed?.known ?? scrub.known;
  const call: Conversation = { bytesOut: 0, cause: null, beside: null };
  try {
    const came = await converse(call, admitted, method, running, known, services);
    // With the progress and the messages that still wait: they come before the reply.
    if (call.beside !== null) await call.beside.end();
    const { outcome, answer } = judge(came, call, method);
    return {
      outcome,
      answer,
      handedOver: true,
      bytesOut: call.bytesOut,
      bytesDropped: 0,
      controlsRemoved: 0,
      scrubbed: call.beside?.scrubber.counts ?? NOTHING_SCRUBBED,
      streamed: null,
      isolation: grant.isolation,
    };
  } finally {
    borrowed?.giveBack();
  }
}

function converse(
  call: Conversation,
  admitted: Admitted,
  method: Method,
  running: PersistentProcess,
  known: KnownValues,
  services: Services,
): Promise<Came> {
  const { promise: came, resolve: settle } = Promise.withResolvers<Came>();
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;

  function beside(): BesideAnswer {
    call.beside ??= hearBesideAnswer({ admitted, method, grant: running.grant }, known, services);
    return call.beside;
  }

  const meta = { progress: admitted.metadata.progressToken !== undefined };
  const id = running.request(method.localName, admitted.params, meta, {
    response(response, line) {
      // What is still to be done with it is ours: it neither ends the process nor the call.
      endNoMore();
      hears(line.length);
      const judged = judgeResponse(method, response, () => isClean(admitted.generation.scrub, known, line));
      if (judged.kind === 'result' && judged.isClean) return settle({ kind: 'clean', result: judged.result });
      const { scrubber } = beside();
      settle(scrubJudged(judged, scrubber).then((heard) => ({ kind: 'heard', heard, scrubber })));
    },
    notification(name, params, bytes) {
      if (hears(bytes)) beside().notification(name, params);
    },
    lost(end) {
      endNoMore();
      settle({ kind: 'lost', end });
    },
  });

  function endBecause(why: Cause): void {
    if (call.cause !== null) return;
    call.cause = why;
    if (isOver) return;
    running.cancel(id);
    clearTimeout(timer);
    timer = setTimeout(() => running.kill('cancel-unanswered'), CANCEL_GRACE_MS);
  }

  function endNoMore(): void {
    isOver = true;
    clearTimeout(timer);
    admitted.early.listen(null);
  }

  /** Beyond the limit nothing of the call is looked at any more, so that what waits to be scrubbed is bounded too. */
  function hears(bytes: number): boolean {
    call.bytesOut += bytes;
    if (call.bytesOut <= method.outputBytes) return true;
    endBecause('output-limit');
    return false;
  }

  // It may be lost already.
  if (!isOver) {
    timer = setTimeout(endBecause, timeLimit(admitted, method), 'timeout');
    admitted.early.listen((why) => {
      if (why === 'cancelled' || !method.finishes) endBecause(why);
    });
  }
  return came;
}

/** What could not be looked at is scrubbed, which lets nothing through where that fails too. */
function isClean(scrub: ConfiguredScrub, known: KnownValues, line: Uint8Array): boolean {
  try {
    return !scrub.mayHoldSecret(known, line);
  } catch {
    return false;
  }
}

function judge(
  came: Came,
  { cause, beside }: Conversation,
  method: Method,
): { outcome: Outcome; answer: Answer } {
  if (cause !== null)
    return { outcome: cause, answer: failure(cause === 'disconnected' ? 'cancelled' : cause) };
  if (came.kind === 'lost') return lost(came.end, method);
  if (beside?.scrubber.hasFailed === true)
    return { outcome: 'internal-error', answer: failure('internal-error') };
  if (came.kind === 'clean')
    return { outcome: 'ok', answer: { ok: true, result: came.result, driver: null } };
  const { heard, scrubber } = came;
  if (heard.kind === 'answer')
    return { outcome: heard.answer.ok ? 'ok' : 'driver-error', answer: heard.answer };
  // The place may lead through names that the driver chose.
  const at = scrubber.pointer(heard.place.at).pointer;
  return { outcome: 'bad-output', answer: failure('driver-bad-output', { at, rule: heard.place.rule }) };
}

/** Without its stderr, which other calls may have written. */
function lost({ status }: ProcessEnd, method: Method): { outcome: Outcome; answer: Answer } {
  const { exit_status, signal } = describeEnd(status, Buffer.alloc(0));
  const driver = { exit_status: exit_status ?? null, signal: signal ?? null };
  const answer = failure('driver-restarted', method.stderrInErrors ? { driver } : {});
  return { outcome: 'crashed', answer };
}
