import { createConnection, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';

const SYNC_EVERY_MS = 500;

/** The agent's line is longer than the longest output that it passes on, 16 MiB in base64 for each stream. */
const MAX_LINE = 64 * 1_048_576;

/** Before it the agent forgets half a request of a client that is gone (QEMU Guest Agent Protocol, guest-sync). */
const FORGET = '\xff';

/** A connection to a QEMU guest agent: one JSON object per line each way. One client at a time is heard. */
export interface Agent {
  /** @throws Error where the agent refuses, or the connection ends first */
  request<Result>(command: string, words?: Readonly<Record<string, unknown>>): Promise<Result>;
  /** False once the connection has ended, such as when the bed is started anew. */
  isOpen(): boolean;
  close(): void;
}

interface Reply {
  readonly id?: number;
  readonly return?: unknown;
  readonly error?: { readonly desc: string };
}

/**
 * Connects and waits until the agent answers.
 *
 * @param shouldWait is asked after each failed attempt
 * @throws Error of the last attempt once `shouldWait` says no
 */
export async function connectAgent(path: string, shouldWait: () => boolean): Promise<Agent> {
  for (;;) {
    try {
      const agent = agentOver(await connect(path));
      // A port that nobody reads yet keeps what is sent to it, or drops it: so it is sent again.
      for (;;) {
        const answered = agent.request('guest-sync-delimited', { id: 1 }).then(() => true);
        if (await Promise.race([answered, setTimeout(SYNC_EVERY_MS, false)])) return agent;
        if (!shouldWait())
          throw new Error('Cannot talk to the bed: it does not answer, or answers another process');
      }
    } catch (error) {
      if (!shouldWait()) throw error;
      await setTimeout(SYNC_EVERY_MS / 10);
    }
  }
}

function connect(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

function agentOver(socket: Socket): Agent {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let last = 0;
  let parts: string[] = [];
  let length = 0;

  function hear(line: string): void {
    const reply: Reply = JSON.parse(line.replaceAll(FORGET, ''));
    // An error without a number answers FORGET.
    const asked = waiting.get(reply.id ?? 0);
    if (asked === undefined) return;
    waiting.delete(reply.id ?? 0);
    if (reply.error === undefined) asked.resolve(reply.return);
    else asked.reject(new Error(`Cannot talk to the bed: its agent says ${reply.error.desc}`));
  }

  socket.setEncoding('latin1');
  socket.on('data', (text: string) => {
    const lines = text.split('\n');
    const rest = lines.pop() ?? '';
    for (const line of lines) {
      parts.push(line);
      hear(parts.join(''));
      parts = [];
      length = 0;
    }
    parts.push(rest);
    length += rest.length;
    if (length > MAX_LINE) socket.destroy(new Error('Cannot talk to the bed: a line has no end'));
  });
  function fail(error: Error): void {
    for (const asked of waiting.values()) asked.reject(error);
    waiting.clear();
  }
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('Cannot talk to the bed: the connection has ended')));
  socket.write(FORGET, 'latin1');

  return {
    request<Result>(command: string, words: Readonly<Record<string, unknown>> = {}) {
      const id = ++last;
      const asked = Promise.withResolvers<Result>();
      if (socket.destroyed) asked.reject(new Error('Cannot talk to the bed: the connection has ended'));
      waiting.set(id, asked as PromiseWithResolvers<unknown>);
      socket.write(`${JSON.stringify({ execute: command, arguments: words, id })}\n`);
      return asked.promise;
    },
    isOpen: () => !socket.destroyed,
    close() {
      socket.destroy();
    },
  };
}
