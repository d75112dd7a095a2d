import { answer, INTERNAL_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND } from './answer.ts';
import { isJsonObject, type JsonValue } from './json-value.ts';
import { writeLine } from './lines.ts';
import { createProgressReporter } from './progress.ts';
import { PING, type Request, readObject, readRequest } from './request.ts';
import type { Call, Handler } from './serve.ts';

/**
 * Serves requests from stdin, as many at once as come, and ends with it (protocol/driver-protocol.md, "Persistent drivers").
 * @param first the request that said so; nothing else has come before its answer
 */
export function servePersistently(handlers: Readonly<Record<string, Handler>>, first: Request): void {
  const running = new Map<JsonValue, AbortController>();

  function respond(id: JsonValue, outcome: object): void {
    writeLine({ jsonrpc: '2.0', id, ...outcome });
  }

  function take(line: string): void {
    const request = readRequest(line);
    if (request !== null) return begin(request);
    const notification = readObject(line);
    const params = notification?.['params'];
    if (notification?.['method'] !== 'cancel' || params === undefined || !isJsonObject(params))
      return respond(null, { error: INVALID_REQUEST });
    running.get(params['id'] ?? null)?.abort();
  }

  function begin(request: Request): void {
    const { id, method, wantsProgress } = request;
    if (method === PING) return respond(id, { result: null });
    const handler = Object.hasOwn(handlers, method) ? handlers[method] : undefined;
    if (handler === undefined) return respond(id, { error: METHOD_NOT_FOUND });
    const controller = new AbortController();
    running.set(id, controller);
    const notify = (name: string, params: object): void =>
      writeLine({ jsonrpc: '2.0', method: name, params: { request: id, ...params } });
    const reporter = createProgressReporter((params) => notify('progress', params));
    const call: Call = {
      progress(progress, total, message) {
        if (wantsProgress) reporter.report(progress, total, message);
      },
      log: (level, message) => notify('log', { level, message }),
      chunk() {
        throw new Error('Cannot send a chunk: a persistent driver does not stream');
      },
      cancelled: controller.signal,
    };
    answer(handler, request, call)
      .finally(() => running.delete(id))
      .then((outcome) => {
        reporter.flush();
        respond(id, outcome);
      })
      // A result without a JSON form, say.
      .catch((error: unknown) => {
        console.error(error);
        respond(id, { error: INTERNAL_ERROR });
      });
  }

  let rest = '';
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
  // Nobody is left to answer to.
  process.stdin.on('end', () => process.exit(0));
  respond(first.id, { result: null });
}
