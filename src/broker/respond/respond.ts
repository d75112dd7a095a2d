import { errorObject } from '../../shared/errors.ts';
import type { JsonObject, JsonValue } from '../../shared/json-value.ts';
import type { Finished, Received, Refused, Run } from '../call.ts';
import { errorOfRefusal } from './error-of-refusal.ts';

/** One reply, ready to be written (JSON-RPC 2.0 section 5). */
export type Reply = JsonObject;

/** The reply of a call that ran; null for a notification (section 4.1). */
export function respond(finished: Finished): Reply | null {
  const { request, requestId, run, metadata } = finished;
  if (request.id === undefined) return null;
  const { answer } = run;
  if (!answer.ok) {
    const scrubbed = run.scrubbed.size === 0 ? {} : { scrubbed: Object.fromEntries(run.scrubbed) };
    const error = errorObject(answer.reason, requestId, { ...answer.extra, ...scrubbed, ...streamOf(run) });
    return errorReply(request.id, answer.message === null ? error : { ...error, message: answer.message });
  }
  const reply = { jsonrpc: '2.0', id: request.id, result: answer.result };
  const told = metadata.reply || answer.driver !== null || run.bytesDropped > 0 || run.streamed !== null;
  return told ? { ...reply, _meta: applies(finished, answer.driver) } : reply;
}

/** The reply of a call that a stage refused; null for a notification. */
export function respondToRefusal({ request, requestId }: Received, exit: Refused): Reply | null {
  if (request.id === undefined) return null;
  return errorReply(request.id, errorObject(errorOfRefusal(exit.reason), requestId, exit.extra));
}

/** The reply to what was no call: nothing of it can be trusted but an id that could be read (section 5). */
export function respondToInvalid(id: string | number | null, requestId: string, exit: Refused): Reply {
  return errorReply(id, errorObject(errorOfRefusal(exit.reason), requestId, exit.extra));
}

function errorReply(id: string | number | null, error: ReturnType<typeof errorObject>): Reply {
  return { jsonrpc: '2.0', id, error: { code: error.code, message: error.message, data: error.data } };
}

/** What was applied: the request id, the isolation, what was scrubbed. That output was cut, or came as a stream, is said unasked. */
function applies({ requestId, receivedAt, run, metadata }: Finished, driver: JsonObject | null): JsonObject {
  const raw = {
    ...(driver === null ? {} : { driver }),
    ...(run.bytesDropped === 0 ? {} : { dropped_bytes: run.bytesDropped }),
    ...streamOf(run),
  };
  if (!metadata.reply) return raw;
  const isolation: JsonValue = run.isolation === null ? null : { ...run.isolation };
  return {
    request_id: requestId,
    isolation,
    scrubbed: Object.fromEntries(run.scrubbed),
    duration_ms: Math.round(run.times.answered - receivedAt),
    ...raw,
  };
}

/** How many chunks came before, so that a caller knows that it has them all. */
function streamOf({ streamed }: Run): JsonObject {
  return streamed === null ? {} : { stream: { ...streamed } };
}
