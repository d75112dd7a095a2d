import type { LaunchEnd } from '../../boundary/launch-words.ts';
import type { JsonObject } from '../../shared/json-value.ts';
import type { Admitted, Answer, Streamed } from '../call.ts';
import type { Method } from '../catalogue/catalogue.ts';
import type { EarlyEndReason } from '../connection/early-end.ts';
import type { DriverLevel } from '../logs/ring.ts';
import { secretValues } from '../logs/secret-params.ts';
import type { LaunchGrant } from '../monitor-link.ts';
import { createScrubber, type Scrubber, type ScrubCounts, type ScrubStream } from '../scrub/scrubber.ts';
import type { Services } from '../services.ts';
import { type Chunks, sendChunks } from './chunks.ts';
import { hearCommand } from './hear-command.ts';
import { hearCommandStream } from './hear-command-stream.ts';
import { hearJsonRpc } from './hear-jsonrpc.ts';
import { type LaunchScrubber, scrubLaunch } from './launch-scrubber.ts';
import { type ProgressPace, paceProgress } from './progress-pace.ts';
import { hearSpeech, type SpeechKeeper } from './speech.ts';
import { type StreamedOutput, streamOutput } from './streamed-output.ts';
import { openStreams, textOrBase64 } from './streams.ts';

/** After a driver's answer it may take this long to end by itself, in milliseconds. */
const END_GRACE_MS = 1_000;
/** Signals as a shell numbers them in an exit status. */
const SIGNAL_STATUS = 128;
const LAST_SIGNAL = 64;

/** Something to hear a driver with: it takes stdout and, at the end, says what was answered. */
export interface Hearing {
  /** Where it gives a promise, no more is to be read before that has settled. */
  stdout(chunk: Buffer): Promise<void> | undefined;
  /** Both streams are at end-of-file, and the sandbox may live on: whatever needs no exit status can be done. */
  silent?(): void;
  /** The sandbox is dead too. Null: no answer came. */
  close(status: number, stderr: () => Buffer): Promise<Heard | null>;
}
export type Heard =
  | { readonly kind: 'answer'; readonly answer: Answer; readonly dropped?: number }
  | { readonly kind: 'bad-output'; readonly place: { readonly at: string; readonly rule: string } };

export interface HearingEvents {
  /** An answer is complete; more output would be against the protocol. */
  answered(): void;
  /** Nothing more needs to be heard: the answer is not valid. */
  bad(): void;
  progress(progress: JsonObject): void;
  /** Says something for people; it was not scrubbed yet. */
  message(level: DriverLevel, text: string): void;
}

/** How a driver was heard out; `end` is the first cause that ended it. */
export type Told = {
  /** performance.now() when the driver was dead and its streams at their end. */
  readonly endedAt: number;
  readonly bytesOut: number;
  /** Bytes of output that were dropped at the limit (`on_output_limit: truncate`). */
  readonly bytesDropped: number;
  readonly scrubbed: ScrubCounts;
  readonly streamed: Streamed | null;
  /** Exit status, signal and the scrubbed tail of stderr: `data.driver` of an error. */
  readonly driver: JsonObject;
} & (
  | { readonly end: 'answered'; readonly answer: Answer }
  | { readonly end: 'bad-output'; readonly place: JsonObject }
  | { readonly end: EarlyEndReason | 'timeout' | 'output-limit' | 'unscrubbed' }
  | { readonly end: 'ended'; readonly launchEnd: LaunchEnd }
);

/** A launch that is handed its request. */
export interface HandOver {
  readonly admitted: Admitted;
  readonly method: Method;
  readonly grant: LaunchGrant;
  /** What the driver gets on stdin. */
  readonly input: Uint8Array;
  /** Asks the monitor to end it. */
  readonly kill: () => void;
  /** Asks the monitor to end it gently: SIGTERM, a grace, then as above. */
  readonly terminate: () => void;
}

/** Hands the request over and hears the driver until its streams are at end-of-file and its sandbox is dead. */
export async function converse(handOver: HandOver, services: Services): Promise<Told> {
  const { admitted, method, grant } = handOver;
  const { session, metadata } = admitted;
  const { scrub } = admitted.generation;
  const { known, giveBack } =
    grant.secrets.length === 0
      ? { known: scrub.known, giveBack: () => undefined }
      : services.indexes.borrow([...grant.secrets, ...scrub.values]);
  const over = (rule: string): void =>
    services.log.warn(
      { request: admitted.requestId, profile: method.profile, rule },
      'a scrub rule took too long: the line is masked whole, and the rule is off for the rest of the call',
    );
  const pace = paceProgress((progress, isLast) => {
    const { progressToken } = metadata;
    if (progressToken === undefined) return true;
    return session.notify('rpc.progress', { progressToken, ...progress }, isLast);
  });
  try {
    return await hearOut(handOver, services, scrub.scrubber(known, over, services.linesBeside), pace);
  } finally {
    pace.end();
    giveBack();
  }
}

async function hearOut(
  handOver: HandOver,
  services: Services,
  knowing: Scrubber,
  pace: ProgressPace,
): Promise<Told> {
  const { admitted, method, grant, input, kill, terminate } = handOver;
  const { limits } = admitted.generation.settings;
  const guarded = (one: Scrubber): LaunchScrubber =>
    scrubLaunch(one, (error) =>
      services.log.error(
        { request: admitted.requestId, error },
        'output of a driver could not be scrubbed: it was dropped',
      ),
    );
  const scrubber = guarded(knowing);
  const streaming = method.streams ? openStream(admitted, method, scrubber) : null;
  let cause: EarlyEndReason | 'timeout' | 'output-limit' | undefined;
  /** The driver's answer is complete, or known to be none: what ends it after that is no cause. */
  let isHeard = false;
  let bytesOut = 0;
  let truncated = false;
  function endBecause(why: NonNullable<typeof cause>): void {
    // Of a stream the answer is complete when the caller has all of it.
    if (!isHeard || streaming !== null) cause ??= why;
    streaming?.chunks.stop();
    if (!isHeard && (why === 'cancelled' || why === 'disconnected')) terminate();
    else kill();
  }

  const raw = admitted.metadata.raw && method.command !== null;
  const tailBytes = raw ? method.outputBytes : limits.stderr_tail_bytes;
  const speech = hearSpeech(scrubber, tailBytes, keeperOf(handOver, services, guarded));
  let graceTimer: NodeJS.Timeout | undefined;
  const events: HearingEvents = {
    answered() {
      isHeard = true;
      graceTimer ??= setTimeout(kill, END_GRACE_MS);
    },
    bad() {
      isHeard = true;
      streaming?.chunks.stop();
      kill();
    },
    progress: pace.report,
    message: speech.message,
  };
  const isTruncated = (): boolean => truncated;
  const hearing =
    method.command === null
      ? hearJsonRpc(method, limits, scrubber, events, streaming?.output ?? null)
      : streaming === null
        ? hearCommand(method, limits, scrubber, raw, isTruncated)
        : hearCommandStream(method, streaming.output, raw, isTruncated, events);
  /** What the driver says is not read: it cannot be idle. */
  let isHeldBack = false;
  const idle = method.idleMs === null ? null : setTimeout(endWhereIdle, method.idleMs);
  function endWhereIdle(): void {
    if (isHeldBack) idle?.refresh();
    else endBecause('timeout');
  }
  const streams = openStreams(grant, input, streaming === null ? method.outputBytes : method.streamBytes, {
    // What it printed is nobody's where the call has ended early.
    silent: () => (cause === undefined ? hearing.silent?.() : undefined),
    came: () => void idle?.refresh(),
    stdout(chunk) {
      bytesOut += chunk.length;
      const taken = hearing.stdout(chunk);
      isHeldBack = taken !== undefined;
      return taken?.finally(() => {
        isHeldBack = false;
        idle?.refresh();
      });
    },
    stderr(chunk): undefined {
      bytesOut += chunk.length;
      speech.stderr(chunk);
    },
    overLimit() {
      if (method.truncates) truncated = true;
      else endBecause('output-limit');
    },
  });

  const timer = setTimeout(endBecause, timeLimit(admitted, method), 'timeout');
  admitted.early.listen((why) => {
    if (why === 'cancelled' || !method.finishes) endBecause(why);
  });
  function endNoMore(): void {
    clearTimeout(timer);
    admitted.early.listen(null);
  }
  const status = await streams.finished;
  const endedAt = performance.now();
  for (const one of [idle ?? undefined, graceTimer]) clearTimeout(one);
  // The last chunk of a stream may have to wait for the caller: it can still be cancelled, and time runs.
  if (streaming === null) endNoMore();

  await speech.end(streams.dropped > 0);
  for (const counts of speech.counts) scrubber.count(counts);
  const heard = await hearing.close(status, speech.tail);
  endNoMore();
  if (streaming !== null) scrubber.count(streaming.scrubbing.counts);
  const { end: launchEnd } = await grant.ended;
  const driver = describeEnd(status, speech.tail());
  const heldBack = heard?.kind === 'answer' ? (heard.dropped ?? 0) : 0;
  const bytesDropped = streams.dropped + heldBack;
  const streamed = streaming?.chunks.sent ?? null;
  const told = { endedAt, bytesOut, bytesDropped, scrubbed: scrubber.counts, streamed, driver };
  services.log.debug({ request: admitted.requestId, status }, 'a driver ended');
  if (cause !== undefined) return { ...told, end: cause };
  if (scrubber.hasFailed) return { ...told, end: 'unscrubbed' };
  if (heard?.kind === 'answer') return { ...told, end: 'answered', answer: heard.answer };
  if (heard?.kind === 'bad-output') {
    // The place may lead through names that the driver chose.
    const at = scrubber.pointer(heard.place.at).pointer;
    return { ...told, end: 'bad-output', place: { at, rule: heard.place.rule } };
  }
  return { ...told, end: 'ended', launchEnd };
}

interface Streaming {
  readonly chunks: Chunks;
  readonly scrubbing: ScrubStream;
  readonly output: StreamedOutput;
}

function openStream(admitted: Admitted, { command }: Method, scrubber: Scrubber): Streaming {
  const [chunks, scrubbing] = [sendChunks(admitted), scrubber.stream()];
  const form = command?.output === 'lines' ? 'lines' : 'text';
  return { chunks, scrubbing, output: streamOutput(scrubbing, chunks, form) };
}

/** Null: nothing is kept, since the profile says so or the call has more secrets than can be looked for. */
export function keeperOf(
  { admitted, method, grant }: Pick<HandOver, 'admitted' | 'method' | 'grant'>,
  { driverLogs }: Services,
  guarded: (scrubber: Scrubber) => Scrubber,
): SpeechKeeper | null {
  const secrets = secretValues(method.secretParams, admitted.params);
  if (method.logs === 'none' || secrets === null) return null;
  return {
    scrubber: secrets.length === 0 ? null : guarded(createScrubber(secrets)),
    keep(said, bytes) {
      const about = { ...said, time: Date.now(), launch: grant.launch, request: admitted.requestId };
      driverLogs.keep(method.profile, method.logs, about, bytes);
    },
  };
}

/** The profile's limit, and what method and caller may shorten it to; never longer (invariant 2). */
export function timeLimit({ metadata }: Admitted, method: Method): number {
  return Math.min(method.wallMs, method.timeoutMs ?? method.wallMs, metadata.timeoutMs ?? method.wallMs);
}

export function describeEnd(status: number, stderr: Buffer): JsonObject {
  const bySignal = status > SIGNAL_STATUS && status <= SIGNAL_STATUS + LAST_SIGNAL;
  return {
    exit_status: status,
    signal: bySignal ? status - SIGNAL_STATUS : null,
    stderr: textOrBase64(stderr),
  };
}
