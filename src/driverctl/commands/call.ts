import { CALL_REASON_CHARACTERS, wrongWithReason } from '../../shared/call-reason.ts';
import type { JsonObject } from '../../shared/json-value.ts';
import { interruptible } from '../call/interruptible.ts';
import { type Params, readParams } from '../call/params.ts';
import { passThrough, passThroughFailure } from '../call/pass-through.ts';
import { withPipedStdin } from '../call/piped-stdin.ts';
import { type ReceivedStream, receiveStream } from '../call/received-stream.ts';
import { secretWarnings } from '../call/secret-warning.ts';
import { discoverMethod, type MethodDescription } from '../client/discover.ts';
import type { Notification } from '../client/message.ts';
import { type Answer, LONGEST_WAIT_MS, type Session } from '../client/session.ts';
import { withSession } from '../client/with-session.ts';
import { wholeNumber } from '../command-line.ts';
import { exitCodes } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import type { Invocation } from '../invocation.ts';
import { createProgressBar, type ProgressBar, readProgress } from '../print/progress-bar.ts';
import { printReport } from '../print/report.ts';
import { humanText } from '../print/value.ts';

const TOKEN = 'driverctl';
/** The daemon ends a call at `--timeout`; driverctl itself gives up so much later, in milliseconds. */
const TIMEOUT_GRACE_MS = 10_000;
const WRONG_REASONS = {
  minLength: 'it is empty',
  maxLength: `it is longer than ${CALL_REASON_CHARACTERS} characters`,
  format: 'it has a character that nobody sees',
} as const;

/** `driverctl call METHOD [PARAMS]`: calls a method and prints its result. Returns the exit status. */
export async function callMethod(invocation: Invocation): Promise<number> {
  const { options, operands, stdin, stderr } = invocation;
  const [method, ...words] = operands;
  if (method === undefined) throw new Failure('usage', 'Cannot call: the method is missing');
  if (options.raw === true && options.json === true) {
    throw new Failure('usage', 'Cannot call: --raw and --json exclude each other');
  }
  const timeout =
    options.timeout === undefined ? null : wholeNumber(options.timeout, '--timeout', 1, LONGEST_WAIT_MS);
  const why = options.reason === undefined ? null : wrongWithReason(options.reason);
  if (why !== null) throw new Failure('usage', `Cannot read --reason: ${WRONG_REASONS[why]}`);
  const params = await readParams(words, stdin);
  const showsProgress = stderr.isTerminal && options.json !== true && options.raw !== true;
  const bar = showsProgress ? createProgressBar(stderr, () => performance.now()) : null;
  const stream = receiveStream(invocation, TOKEN);

  return withSession(
    invocation,
    async (session) => {
      const values = await prepareParams(invocation, session, method, params);
      const meta = metaOf(invocation, timeout);
      const waitMs =
        timeout === null ? LONGEST_WAIT_MS : Math.min(timeout + TIMEOUT_GRACE_MS, LONGEST_WAIT_MS);
      const request = (): Promise<Answer> => session.request(method, { ...values, ...meta }, waitMs);
      async function send(): Promise<Answer> {
        const answer = await interruptible(invocation, session, request).finally(() => bar?.clear());
        stream.finish(answer.meta);
        return answer;
      }
      return options.raw === true ? callRaw(invocation, send) : callForResult(invocation, send, stream);
    },
    followCall(invocation, stream, bar),
  );
}

/** What comes before the reply: progress for the bar, chunks for standard output. */
function followCall(
  { stdout }: Invocation,
  stream: ReceivedStream,
  bar: ProgressBar | null,
): (notification: Notification) => void {
  let isReported = false;
  return ({ method, params }) => {
    if (method === 'rpc.chunk') {
      if (stdout.isTerminal) bar?.clear();
      stream.take(params);
      // How much has come, where the driver does not say how far it is.
      if (!isReported && !stdout.isTerminal) bar?.show({ progress: stream.bytes, total: null, message: '' });
    }
    const progress = method === 'rpc.progress' ? readProgress(params, TOKEN) : null;
    if (progress === null) return;
    isReported = true;
    bar?.show(progress);
  };
}

/** What a call says about itself beside its params; the token is for progress and for what the method may stream. */
function metaOf({ options }: Invocation, timeout: number | null): JsonObject {
  const meta = {
    progressToken: TOKEN,
    ...(timeout === null ? {} : { timeoutMs: timeout }),
    ...(options.reason === undefined ? {} : { reason: options.reason }),
    ...(options.verbose === true || options.raw === true ? { reply: true } : {}),
    ...(options.raw === true ? { raw: true } : {}),
  };
  return { _meta: meta };
}

/** Asks what the method is only where that matters: for secrets on the command line, and for where piped input goes. */
async function prepareParams(
  { options, stdin, stderr }: Invocation,
  session: Session,
  name: string,
  params: Params,
): Promise<JsonObject> {
  if (options.raw !== true && params.onCommandLine.length === 0) return params.values;
  const method = await discoverMethod(session, name);
  // The daemon is the one to say that it may not be called, and records it.
  if (method === null) return params.values;
  for (const warning of secretWarnings(method, params.onCommandLine)) stderr.write(warning);
  if (options.raw !== true) return params.values;
  refuseWithoutProgram(method);
  return withPipedStdin(method, params, stdin);
}

function refuseWithoutProgram({ name, kind }: MethodDescription): void {
  if (kind === 'command') return;
  throw new Failure('usage', `Cannot call ${name} with --raw: it is no method of a command driver`);
}

async function callForResult(
  invocation: Invocation,
  send: () => Promise<Answer>,
  stream: ReceivedStream,
): Promise<number> {
  const { result, meta } = await send();
  const { options, stderr } = invocation;
  // Standard output is the stream's, byte for byte.
  if (!stream.isOne || options.json === true)
    printReport(invocation, { json: result, human: () => humanText(result) });
  else if (options.verbose === true) stderr.write(humanText(result));
  printApplied(invocation, meta);
  return exitCodes.ok.status;
}

async function callRaw(invocation: Invocation, send: () => Promise<Answer>): Promise<number> {
  try {
    const { meta } = await send();
    const status = passThrough(meta, invocation);
    const { driver: _passedThrough, ...applied } = meta;
    printApplied(invocation, applied);
    return status;
  } catch (error) {
    const status = passThroughFailure(error, invocation);
    if (status === null) throw error;
    return status;
  }
}

function printApplied({ options, stderr }: Invocation, meta: JsonObject): void {
  const dropped = meta['dropped_bytes'];
  if (typeof dropped === 'number')
    stderr.write(`driverctl: output was cut at the limit: ${dropped} bytes were dropped\n`);
  if (options.verbose === true) stderr.write(humanText(meta));
}
