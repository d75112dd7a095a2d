import type { Outcome } from '../../boundary/messages.ts';
import type { ErrorReason } from '../../shared/errors.ts';
import type { JsonObject } from '../../shared/json-value.ts';
import type { Admitted, Answer, Run } from '../call.ts';
import type { Method } from '../catalogue/catalogue.ts';
import type { EarlyEndReason } from '../connection/early-end.ts';
import { describeEnd, type Heard, keeperOf, timeLimit } from '../launch/converse.ts';
import { judgeResponse, scrubJudged } from '../launch/judge-response.ts';
import { type LaunchScrubber, scrubLaunch } from '../launch/launch-scrubber.ts';
import { readLog, readProgress } from '../launch/notifications.ts';
import { paceProgress } from '../launch/progress-pace.ts';
import { failure } from '../launch/run.ts';
import { hearSpeech, type Speech } from '../launch/speech.ts';
import type { Scrubber } from '../scrub/scrubber.ts';
import type { Services } from '../services.ts';
import type { PersistentProcess, ProcessEnd } from './process.ts';

/** How long a process may take to answer a call that was cancelled, in milliseconds; then it is ended. */
const CANCEL_GRACE_MS = 1_000;

type Cause = EarlyEndReason | 'timeout' | 'output-limit';
/** What came of a request. */
type Came =
  | { readonly kind: 'heard'; readonly heard: Heard }
  | { readonly kind: 'lost'; readonly end: ProcessEnd };

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
  const { known, giveBack } =
    grant.secrets.length === 0
      ? { known: scrub.known, giveBack: () => undefined }
      : services.indexes.borrow([...grant.secrets, ...scrub.values]);
  const { requestId } = admitted;
  const guarded = (one: Scrubber): LaunchScrubber =>
    scrubLaunch(one, (error) =>
      services.log.error(
        { request: requestId, error },
        'output of a driver could not be scrubbed: it was dropped',
      ),
    );
  const scrubber = guarded(
    scrub.scrubber(known, (rule) =>
      services.log.warn(
        { request: requestId, profile: method.profile, rule },
        'a scrub rule took too long: the line is masked whole, and the rule is off for the rest of the call',
      ),
    ),
  );
  const said = { bytesOut: 0, speech: null as Speech | null };
  let cause: Cause | null = null;
  try {
    const came = await converse();
    if (said.speech !== null) {
      await said.speech.end(false);
      for (const counts of said.speech.counts) scrubber.count(counts);
    }
    return {
      ...judge(came),
      ...{ handedOver: true, bytesOut: said.bytesOut, bytesDropped: 0, controlsRemoved: 0 },
      ...{ scrubbed: scrubber.counts, streamed: null, isolation: grant.isolation },
    };
  } finally {
    giveBack();
  }

  async function converse(): Promise<Came> {
    const { progressToken } = admitted.metadata;
    const pace =
      progressToken === undefined
        ? null
        : paceProgress((progress, isLast) =>
            admitted.session.notify('rpc.progress', { progressToken, ...progress }, isLast),
          );
    const { promise: answered, resolve: settle } = Promise.withResolvers<Came>();
    const meta = { progress: pace !== null };
    const id = running.request(method.localName, admitted.params, meta, {
      response(response, line) {
        // What is still to be done with it is ours: it neither ends the process nor the call.
        endNoMore();
        hears(line.length);
        const judged = judgeResponse(method, response, () => !scrubber.mayHoldSecret(line));
        if (judged.kind === 'result' && judged.isClean) {
          const answer: Answer = { ok: true, result: judged.result, driver: null };
          return settle({ kind: 'heard', heard: { kind: 'answer', answer } });
        }
        void scrubJudged(judged, scrubber).then((heard) => settle({ kind: 'heard', heard }));
      },
      notification(name, params, bytes) {
        if (!hears(bytes)) return;
        if (name === 'log') return tell(params);
        const progress = name === 'progress' && pace !== null ? readProgress(params, scrubber) : null;
        if (progress !== null) pace?.report(progress);
      },
      lost: (end) => settle({ kind: 'lost', end }),
    });
    let graceTimer: NodeJS.Timeout | undefined;
    let isAnswered = false;
    function endBecause(why: Cause): void {
      if (cause !== null) return;
      cause = why;
      if (isAnswered) return;
      running.cancel(id);
      graceTimer = setTimeout(() => running.kill('cancel-unanswered'), CANCEL_GRACE_MS);
    }
    const timer = setTimeout(endBecause, timeLimit(admitted, method), 'timeout');
    admitted.early.listen((why) => {
      if (why === 'cancelled' || !method.finishes) endBecause(why);
    });
    function endNoMore(): void {
      isAnswered = true;
      clearTimeout(timer);
      clearTimeout(graceTimer);
      admitted.early.listen(null);
    }
    /** Beyond the limit nothing of the call is looked at any more, so that what waits to be scrubbed is bounded too. */
    function hears(bytes: number): boolean {
      said.bytesOut += bytes;
      if (said.bytesOut <= method.outputBytes) return true;
      endBecause('output-limit');
      return false;
    }
    const came = await answered;
    endNoMore();
    pace?.end();
    return came;
  }

  function tell(params: JsonObject): void {
    const log = readLog(params);
    if (log === null) return;
    said.speech ??= hearSpeech(scrubber, 0, keeperOf({ admitted, method, grant }, services, guarded));
    said.speech.message(log.level, log.message);
  }

  function judge(came: Came): { outcome: Outcome; answer: Answer } {
    if (cause !== null)
      return { outcome: cause, answer: failure(cause === 'disconnected' ? 'cancelled' : cause) };
    if (came.kind === 'lost') return ended('crashed', 'driver-restarted', came.end);
    if (scrubber.hasFailed) return { outcome: 'internal-error', answer: failure('internal-error') };
    if (came.heard.kind === 'answer') {
      const { answer } = came.heard;
      return { outcome: answer.ok ? 'ok' : 'driver-error', answer };
    }
    // The place may lead through names that the driver chose.
    const at = scrubber.pointer(came.heard.place.at).pointer;
    const { rule } = came.heard.place;
    return { outcome: 'bad-output', answer: failure('driver-bad-output', { at, rule }) };
  }

  /** Without its stderr, which other calls may have written. */
  function ended(
    outcome: Outcome,
    reason: ErrorReason,
    { status }: ProcessEnd,
  ): { outcome: Outcome; answer: Answer } {
    const { exit_status, signal } = describeEnd(status, Buffer.alloc(0));
    const driver = { exit_status: exit_status ?? null, signal: signal ?? null };
    return { outcome, answer: failure(reason, method.stderrInErrors ? { driver } : {}) };
  }
}
