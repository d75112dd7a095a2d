import { connect, type Socket } from 'node:net';
import { patience } from './patience.ts';

const ANSWERS_WITHIN_MS = 20_000 * patience;

/** A reply or notification as it came over the wire. */
export interface Message {
  readonly jsonrpc?: string;
  readonly id?: string | number | null;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  // biome-ignore lint/suspicious/noExplicitAny: what tests look into is theirs to know
  readonly result?: any;
  readonly error?: {
    readonly code: number;
    readonly message: string;
    // biome-ignore lint/suspicious/noExplicitAny: as above
    readonly data: any;
  };
  readonly _meta?: Readonly<Record<string, unknown>>;
}

/** A real client of the socket: newline-delimited JSON. */
export interface Client {
  readonly socket: Socket;
  /** Writes a line, as text or as JSON. */
  send(message: unknown): void;
  /** The next line that comes; null once the connection has ended. */
  next(): Promise<Message | readonly Message[] | null>;
  /** Calls a method and waits for its reply; notifications that come before are kept in `notifications`. */
  call(method: string, params?: unknown): Promise<Message>;
  readonly notifications: Message[];
  close(): void;
}

export async function connectClient(path: string): Promise<Client> {
  const socket = connect(path);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  const lines: string[] = [];
  const waiting: ((line: string | null) => void)[] = [];
  const notifications: Message[] = [];
  let rest = '';
  let ended = false;
  let lastId = 0;
  // A chunk may end within a character.
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    rest += chunk;
    for (let at = rest.indexOf('\n'); at >= 0; at = rest.indexOf('\n')) {
      const line = rest.slice(0, at);
      rest = rest.slice(at + 1);
      const settle = waiting.shift();
      if (settle === undefined) lines.push(line);
      else settle(line);
    }
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    ended = true;
    for (const settle of waiting.splice(0)) settle(null);
  });

  function nextLine(): Promise<string | null> {
    const line = lines.shift();
    if (line !== undefined) return Promise.resolve(line);
    if (ended) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error('Cannot hear the daemon: no answer in time')),
        ANSWERS_WITHIN_MS,
      );
      waiting.push((text) => {
        clearTimeout(timer);
        resolve(text);
      });
    });
  }

  const client: Client = {
    socket,
    notifications,
    send(message) {
      socket.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`);
    },
    async next() {
      const line = await nextLine();
      return line === null ? null : JSON.parse(line);
    },
    async call(method, params) {
      lastId += 1;
      const id = lastId;
      client.send({ jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) });
      for (;;) {
        const message = await client.next();
        if (message === null) throw new Error('Cannot hear the daemon: it closed the connection');
        if (Array.isArray(message)) continue;
        const single = message as Message;
        if (single.id === id) return single;
        notifications.push(single);
      }
    },
    close: () => socket.destroy(),
  };
  return client;
}

/** Connects, calls once, closes. */
export async function callOnce(path: string, method: string, params?: unknown): Promise<Message> {
  const client = await connectClient(path);
  try {
    return await client.call(method, params);
  } finally {
    client.close();
  }
}
