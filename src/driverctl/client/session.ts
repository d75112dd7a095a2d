import type { Socket } from 'node:net';
import { JSONRPCClient, JSONRPCErrorException, type JSONRPCResponse } from 'json-rpc-2.0';
import { parseJson } from '../../shared/json/parse.ts';
import type { JsonObject, JsonValue } from '../../shared/json-value.ts';
import { DaemonFailure, Failure, reasonOf } from '../failure.ts';
import { createLineReader } from './line-reader.ts';
import { type Notification, type Reply, readMessage } from './message.ts';

/** What a server may send at most; a daemon's own limits are far below (U5). */
export const replyLimits = {
  /** One line, in bytes. */
  lineBytes: 64 * 1024 * 1024,
  /** Nesting of one message. */
  depth: 256,
  /** Keys in one message. */
  keys: 1_000_000,
  /** Notifications before the replies of one session, chunks of streams apart. */
  notifications: 1_000_000,
};

/** The longest wait for a reply that the caller set no limit for, in milliseconds: a day. */
export const LONGEST_WAIT_MS = 86_400_000;

/** A result and what was applied. */
export interface Answer {
  readonly result: JsonValue;
  readonly meta: JsonObject;
}

export interface Session {
  /**
   * Sends one call and waits for its reply, `waitMs` milliseconds at most (1..86,400,000).
   * Throws `DaemonFailure` for an error reply, `Failure` (connection, timeout) otherwise.
   */
  request(method: string, params: JsonObject, waitMs: number): Promise<Answer>;
  /** Asks the daemon to cancel the call that waits for its reply, which says then what came of it. */
  cancel(): void;
  close(): void;
}

/**
 * JSON-RPC 2.0, one JSON value a line, over a connected socket. Whatever breaks the protocol (no JSON, too long, too
 * deep, a wrong id, a second reply) ends the session with one `Failure`, whatever else has arrived with it.
 *
 * @param onNotification what the daemon sends beside replies
 * @param limits `replyLimits`, except in tests
 */
export function createSession(
  socket: Socket,
  onNotification: (notification: Notification) => void,
  limits: typeof replyLimits = replyLimits,
): Session {
  const state: { lastId: number; isWaiting: boolean; broken: Failure | null; notifications: number } = {
    lastId: 0,
    isWaiting: false,
    broken: null,
    notifications: 0,
  };
  const send = (payload: JsonObject): void => void socket.write(`${JSON.stringify(payload)}\n`);
  const client = new JSONRPCClient(send, () => state.lastId);
  const lines = createLineReader(limits.lineBytes);

  const fail = (failure: Failure): void => {
    state.broken ??= failure;
    client.rejectAllPendingRequests(failure.message);
    socket.destroy();
  };

  const receive = (line: Buffer): void => {
    const message = readMessage(parseJson(line, { depth: limits.depth, keys: limits.keys }));
    if (message.kind === 'notification') {
      // A stream may be of any length: what reads it counts its chunks.
      if (message.method !== 'rpc.chunk') state.notifications += 1;
      if (state.notifications > limits.notifications) throw new RangeError('too many notifications');
      onNotification(message);
      return;
    }
    // An error without an id is about the connection or the whole message (JSON-RPC 2.0, section 5).
    if (!state.isWaiting || (message.id ?? state.lastId) !== state.lastId) {
      throw new TypeError('a reply answers no question');
    }
    state.isWaiting = false;
    client.receive(toResponse(message, state.lastId));
  };

  socket.on('data', (chunk: Buffer) => {
    try {
      for (const line of lines.push(chunk)) receive(line);
    } catch (error) {
      fail(
        error instanceof Failure
          ? error
          : new Failure('connection', `Cannot read the daemon's answer: ${reasonOf(error)}`),
      );
    }
  });
  socket.on('error', (error) =>
    fail(new Failure('connection', `Cannot keep the connection: ${reasonOf(error)}`)),
  );
  socket.on('close', () => {
    const why =
      lines.rest().length > 0 ? 'it ended in the middle of a line' : 'the daemon closed the connection';
    fail(new Failure('connection', `Cannot read the daemon's answer: ${why}`));
  });

  return {
    async request(method, params, waitMs) {
      state.lastId += 1;
      state.isWaiting = true;
      const late = new Failure('timeout', `Cannot complete ${method}: no reply within ${waitMs} ms`);
      const timer = setTimeout(() => fail(late), waitMs);
      try {
        const answer: Answer = await client.request(method, params);
        // What came in the same read as the reply has been judged by now: a second reply spoils the first.
        if (state.broken !== null) throw state.broken;
        return answer;
      } catch (error) {
        if (state.broken !== null) throw state.broken;
        if (!(error instanceof JSONRPCErrorException)) throw error;
        throw new DaemonFailure({ code: error.code, message: error.message, data: error.data });
      } finally {
        clearTimeout(timer);
      }
    },
    cancel() {
      // A notification: what counts is the reply of the call itself.
      if (state.isWaiting) send({ jsonrpc: '2.0', method: 'rpc.cancel', params: { id: state.lastId } });
    },
    close: () => socket.destroy(),
  };
}

function toResponse(reply: Reply, id: number): JSONRPCResponse {
  if (reply.kind === 'error') return { jsonrpc: '2.0', id, error: reply.error };
  const answer: Answer = { result: reply.result, meta: reply.meta };
  return { jsonrpc: '2.0', id, result: answer };
}
