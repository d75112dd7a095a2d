import { Socket } from 'node:net';
import type { RefusalReason } from '../../boundary/messages.ts';
import { peerHasGone } from '../../posix/poll.ts';
import type { Caller } from '../../shared/caller.ts';
import { JsonRefused, parseJson } from '../../shared/json/parse.ts';
import type { JsonObject, JsonValue } from '../../shared/json-value.ts';
import { limitsFor } from '../admit/limits-for.ts';
import { recordInvalid } from '../audit/invalid.ts';
import { type Received, refuse } from '../call.ts';
import type { Generation } from '../configuration/generation.ts';
import { type EnvelopeElement, readEnvelope } from '../frame/envelope.ts';
import { isHttpRequestLine } from '../frame/http.ts';
import { createLineReader } from '../frame/lines.ts';
import { answer } from '../pipeline.ts';
import { newRequestIdentifier } from '../request-identifier.ts';
import { encodeReply } from '../respond/encode-reply.ts';
import { type Reply, respondToInvalid } from '../respond/respond.ts';
import type { Services } from '../services.ts';
import { createCallsUnderWay } from './calls-under-way.ts';
import type { ClientSession } from './client-session.ts';
import { endAfterLastWord } from './last-word.ts';
import { createStreamLines } from './stream-lines.ts';
import { createWriter } from './writer.ts';

/** How often a connection that sent end-of-file is asked whether it is gone or half-closed, in milliseconds. */
const GONE_POLL_MS = 100;

export interface Connection {
  readonly uid: number;
  /** Ends it: the monitor says that the caller is gone. */
  close(): void;
  /** Settles when every call that is in flight now has its reply in the kernel's hands, or the caller is gone. */
  whenReplied(): Promise<void>;
}

/**
 * Serves one caller's connection: newline-delimited JSON-RPC 2.0. Limits are those of the configuration at its start.
 * @param descriptor the accepted socket, passed by the monitor
 * @param ended called once, when it is closed
 */
export function serveConnection(
  given: { readonly number: number; readonly caller: Caller; readonly descriptor: number },
  current: () => Generation,
  services: Services,
  ended: () => void,
): Connection {
  const { settings, rolesOf } = current();
  const limits = limitsFor(settings, rolesOf(given.caller), null);
  const socket = new Socket({ fd: given.descriptor, readable: true, writable: true, allowHalfOpen: true });
  const calls = createCallsUnderWay();
  const queue: Uint8Array[] = [];
  const serving = new Set<Promise<void>>();
  let closing = false;
  /** The error that ends the connection is on its way: its record comes first. */
  let telling = false;
  let deadline: NodeJS.Timeout | undefined;
  let gonePoll: NodeJS.Timeout | undefined;

  const writer = createWriter(socket, limits.reply_buffer_bytes, limits.message_ms, next);
  const streamLines = createStreamLines(socket, limits.stream_stall_ms);
  const session: ClientSession = {
    number: given.number,
    caller: given.caller,
    notify: (method, params, isLast) => writer.line(notification(method, params), !isLast),
    stream: (method, params) => streamLines.line(notification(method, params)),
    cancel: calls.cancel,
  };

  const lines = createLineReader(limits.message_bytes, {
    line(bytes) {
      restartDeadline();
      queue.push(bytes);
    },
    tooLong: () => void endWith('message-too-large'),
  });

  function restartDeadline(): void {
    clearTimeout(deadline);
    deadline = undefined;
  }

  socket.on('data', (chunk: Buffer) => {
    lines.push(chunk);
    if (!lines.pending) restartDeadline();
    next();
  });
  socket.on('end', () => {
    gonePoll = setInterval(() => {
      if (peerHasGone(given.descriptor)) socket.destroy();
      else endWhenServed();
    }, GONE_POLL_MS);
    endWhenServed();
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    clearTimeout(deadline);
    clearInterval(gonePoll);
    lines.stop();
    queue.length = 0;
    calls.disconnect();
    ended();
  });

  /** A half-closed caller (`nc -N`) gets its replies before its connection is ended. */
  function endWhenServed(): void {
    if (!(socket.readableEnded || closing) || telling || serving.size > 0 || queue.length > 0) return;
    if (peerHasGone(given.descriptor)) socket.destroy();
    else if (socket.readableEnded) socket.end(() => socket.destroy());
    else endAfterLastWord(socket);
  }

  /** Takes waiting lines while there is room; else the socket is not read: backpressure for this caller alone. */
  function next(): void {
    while (serving.size < limits.in_flight_per_connection && !writer.isFull) {
      const line = queue.shift();
      if (line === undefined) break;
      const served = replyTo(line).then((reply) => {
        if (reply !== null) writer.line(encodeReply(reply), false);
        serving.delete(served);
        next();
        endWhenServed();
      });
      serving.add(served);
    }
    if (queue.length > 0 || writer.isFull) {
      socket.pause();
      // The rest of a line may be here already: not the caller is slow, we do not read.
      restartDeadline();
    } else {
      socket.resume();
      if (lines.pending && !closing)
        deadline ??= setTimeout(() => void endWith('message-timeout'), limits.message_ms);
    }
  }

  function replyTo(line: Uint8Array): Promise<Reply | readonly Reply[] | null> {
    let value: JsonValue;
    try {
      value = parseJson(line, { depth: limits.nesting_depth, keys: limits.keys });
    } catch (error) {
      if (!(error instanceof JsonRefused)) throw error;
      if (isHttpRequestLine(line)) {
        // What follows are headers and a body that somebody else may have chosen: no line of it is a call.
        queue.length = 0;
        return endWith('http-not-spoken').then(() => null);
      }
      return invalid(null, 'parse-error', { rule: error.reason });
    }
    const envelope = readEnvelope(value, { batchLength: limits.batch_length });
    if (envelope.kind === 'invalid') return invalid(null, 'invalid-request');
    if (envelope.kind === 'single') return answerElement(envelope.element, line.length);
    return answerBatch(envelope.elements, line.length);
  }

  async function answerBatch(
    elements: readonly EnvelopeElement[],
    bytesIn: number,
  ): Promise<readonly Reply[] | null> {
    const replies = await Promise.all(elements.map((element) => answerElement(element, bytesIn)));
    const spoken = replies.filter((reply) => reply !== null);
    return spoken.length === 0 ? null : spoken;
  }

  async function answerElement(element: EnvelopeElement, bytesIn: number): Promise<Reply | null> {
    if (element.kind === 'invalid') return invalid(element.id, 'invalid-request');
    const { early, replied } = calls.begin(element.request.id);
    const received: Received = {
      stage: 'received',
      early,
      session,
      request: element.request,
      requestId: newRequestIdentifier(),
      bytesIn,
      receivedAt: performance.now(),
      generation: current(),
    };
    try {
      return await answer(received, services);
    } catch (error) {
      // A fault of ours: the caller gets the fixed text, the details stand in the operational log.
      services.log.error({ request: received.requestId, error }, 'a call failed inside the broker');
      if (element.request.id === undefined) return null;
      return respondToInvalid(element.request.id, received.requestId, refuse('refused', 'internal-error'));
    } finally {
      replied();
    }
  }

  async function invalid(
    id: string | number | null,
    reason: RefusalReason,
    extra: JsonObject = {},
  ): Promise<Reply> {
    const requestId = newRequestIdentifier();
    await recordInvalid(given.number, requestId, reason, services);
    return respondToInvalid(id, requestId, refuse('invalid', reason, extra));
  }

  /**
   * One error, the replies of the calls before it, the end: what follows on the stream cannot be trusted to be messages.
   */
  async function endWith(reason: RefusalReason): Promise<void> {
    if (closing) return;
    closing = true;
    lines.stop();
    restartDeadline();
    telling = true;
    writer.line(JSON.stringify(await invalid(null, reason)), false);
    telling = false;
    endWhenServed();
  }

  async function whenReplied(): Promise<void> {
    await Promise.all(serving);
    await new Promise<void>((resolve) => {
      if (socket.destroyed || socket.writableLength === 0) return resolve();
      socket.once('close', resolve);
      socket.write('', () => resolve());
    });
  }

  return { uid: given.caller.uid, close: () => socket.destroy(), whenReplied };
}

function notification(method: string, params: JsonObject): string {
  return JSON.stringify({ jsonrpc: '2.0', method, params });
}
