import { answer, INVALID_REQUEST, METHOD_NOT_FOUND } from './answer.ts';
import { cancellation } from './cancellation.ts';
import { sendChunk } from './chunk.ts';
import type { JsonObject, JsonValue } from './json-value.ts';
import { readRequestLine, writeLine } from './lines.ts';
import { createProgressReporter } from './progress.ts';
import { PING, readRequest } from './request.ts';
import { servePersistently } from './serve-persistently.ts';

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

/**
 * Serves the one request on stdin, writes its response, and ends the process (protocol/driver-protocol.md). Where the
 * profile has the driver persistent it serves requests, as many at once as come, until stdin ends.
 * A handler throws `declaredError(…)` for what the manifest declares. Anything else it throws becomes JSON-RPC's
 * "Internal error"; its details go to stderr only.
 * @param handlers by method, named as in the manifest
 */
export function serve(handlers: Readonly<Record<string, Handler>>): void {
  const request = readRequest(readRequestLine());
  if (request === null) return respond({ id: null, error: INVALID_REQUEST });
  if (request.method === PING) return servePersistently(handlers, request);
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
