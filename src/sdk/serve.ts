import { cancellation } from './cancellation.ts';
import { sendChunk } from './chunk.ts';
import { declaredErrorObject } from './declared-error.ts';
import { isJsonObject, type JsonObject, type JsonValue } from './json-value.ts';
import { readRequestLine, writeLine } from './lines.ts';
import { createProgressReporter } from './progress.ts';

/** Codes and texts of JSON-RPC 2.0, section 5.1. */
const INVALID_REQUEST = { code: -32_600, message: 'Invalid Request' };
const METHOD_NOT_FOUND = { code: -32_601, message: 'Method not found' };
const INTERNAL_ERROR = { code: -32_603, message: 'Internal error' };

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** What a handler can do besides answering. */
export interface Call {
  /**
   * Says how far the call is; free where the caller did not ask for progress. At most ten a second are sent, and the
   * last one always is.
   * @param progress grows from one to the next, in whatever unit
   * @param total in the same unit, if it is known
   * @param message one line for a person
   */
  progress(progress: number, total?: number, message?: string): void;
  /**
   * Says something for those who run the host: it stands in the operational log and in `driverctl logs`, scrubbed, and
   * never reaches the caller.
   */
  log(level: LogLevel, message: string): void;
  /**
   * Sends the next part of the result of a method that has `stream: true` in the manifest: text, or bytes. Returns when it is
   * written, which is as fast as the caller reads.
   */
  chunk(data: string | Uint8Array): void;
  /**
   * Aborts when the call is cancelled or its caller has gone. Whoever asks for it has the profile's `term_grace_ms` to clear up
   * and end; a driver that does not is ended at once, by SIGTERM. A handler that never yields does not see it.
   */
  readonly cancelled: AbortSignal;
}

/** Params by name, as the manifest's schema allowed them. */
export type Params = Readonly<Record<string, JsonValue>>;

/** Answers one method: its result, or a promise of it. */
export type Handler = (params: Params, call: Call) => JsonValue | Promise<JsonValue>;

interface Request {
  readonly id: JsonValue;
  readonly method: string;
  readonly params: Params;
  readonly wantsProgress: boolean;
}

/**
 * Serves the one request on stdin, writes its response, and ends the process (protocol/driver-protocol.md).
 * A handler throws `declaredError(…)` for what the manifest declares. Anything else it throws becomes JSON-RPC's
 * "Internal error"; its details go to stderr only.
 * @param handlers by method, named as in the manifest
 */
export function serve(handlers: Readonly<Record<string, Handler>>): void {
  const request = readRequest();
  if (request === null) return respond({ id: null, error: INVALID_REQUEST });
  const handler = Object.hasOwn(handlers, request.method) ? handlers[request.method] : undefined;
  if (handler === undefined) return respond({ id: request.id, error: METHOD_NOT_FOUND });
  const reporter = createProgressReporter((params) => notify('progress', params));
  const call: Call = {
    progress(progress, total, message) {
      if (request.wantsProgress) reporter.report(progress, total, message);
    },
    log: (level, message) => notify('log', { level, message }),
    chunk: sendChunk,
    get cancelled() {
      return cancellation();
    },
  };
  answer(handler, request, call)
    .then((outcome) => {
      reporter.flush();
      respond({ id: request.id, ...outcome });
    })
    .catch(fail);
}

async function answer(handler: Handler, request: Request, call: Call): Promise<JsonObject> {
  try {
    return { result: (await handler(request.params, call)) ?? null };
  } catch (thrown) {
    const declared = declaredErrorObject(thrown);
    if (declared !== null) return { error: declared };
    console.error(thrown);
    return { error: INTERNAL_ERROR };
  }
}

function readRequest(): Request | null {
  const line = readRequestLine();
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return null;
  }
  if (!isJsonObject(value) || typeof value['method'] !== 'string' || value['id'] === undefined) return null;
  const { id, method, params = {}, _meta } = value;
  if (!isJsonObject(params)) return null;
  // Without a prototype, so that a param nobody sent is undefined whatever its name.
  const named: Record<string, JsonValue> = Object.assign(Object.create(null), params);
  return { id, method, params: named, wantsProgress: isJsonObject(_meta) && _meta['progress'] === true };
}

function notify(method: string, params: JsonObject): void {
  writeLine({ jsonrpc: '2.0', method, params });
}

/** Ends the process too: timers or sockets that a handler left behind must not keep it. */
function respond(outcome: JsonObject): void {
  writeLine({ jsonrpc: '2.0', ...outcome });
  process.exit(0);
}

/** The response could not be written: nobody is left to tell but the log. */
function fail(error: unknown): void {
  console.error(error);
  process.exit(1);
}
