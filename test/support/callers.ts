import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Message } from './client.ts';

/** What a caller was answered. */
export interface Heard {
  readonly request: string;
  /** The error's; null: a result. */
  readonly code: number | null;
  readonly reason: string | null;
}

/** Many callers on several connections, all of whom call on and on, and connect anew whenever theirs is closed. */
export interface Callers {
  readonly sent: number;
  /** Every reply that came as a whole line. */
  readonly heard: readonly Heard[];
  /** Closes all connections, in the middle of whatever is under way. */
  stop(): Promise<void>;
}

const CONNECTIONS = 6;
const AT_ONCE = 6;
/** Of each connection: the others go on, so that there is always something to be answered. */
const LONG_AT_ONCE = 2;
/** One more connection asks for nothing but what is forbidden: so the refusals of its user are soon counted. */
const FORBIDDEN_AT_ONCE = 20;
const CONNECT_AGAIN_MS = 50;

/** Kinds of calls and how often each is made, in hundredths. */
const KINDS = [
  ['built-in', 40],
  ['act', 30],
  ['erase', 5],
  ['fail', 5],
  ['long', 5],
  ['notification', 3],
  ['denied', 3],
  ['invalid-params', 3],
  ['no-method', 2],
  ['no-json', 2],
  ['batch', 2],
] as const;
type Kind = (typeof KINDS)[number][0];
const ONE_OF: readonly Kind[] = KINDS.flatMap(([kind, share]) => Array<Kind>(share).fill(kind));

/** @param path of the socket of a daemon with the acting driver, which may end and be started again meanwhile */
export function startCallers(path: string): Callers {
  const heard: Heard[] = [];
  let sent = 0;
  let isStopped = false;
  const sockets = new Set<Socket>();

  function chooseKind(long: number): Kind {
    const chosen = ONE_OF[Math.floor(Math.random() * ONE_OF.length)] ?? 'built-in';
    return chosen === 'long' && long >= LONG_AT_ONCE ? 'built-in' : chosen;
  }

  async function callOn(choose: typeof chooseKind, atOnce: number): Promise<void> {
    while (!isStopped) {
      await useConnection(choose, atOnce);
      if (!isStopped) await wait(CONNECT_AGAIN_MS);
    }
  }

  /** Settles when the connection is closed. */
  function useConnection(choose: typeof chooseKind, atOnce: number): Promise<void> {
    const socket = connect(path);
    sockets.add(socket);
    let rest = '';
    let last = 0;
    let long = 0;
    const send = (): void => {
      const kind = choose(long);
      if (kind === 'long') long += 1;
      sent += 1;
      last += 1;
      socket.write(`${lineOf(kind, last)}\n`);
      if (kind === 'notification') send();
    };
    socket.on('connect', () => {
      for (let call = 0; call < atOnce; call += 1) send();
    });
    socket.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        heard.push(...[JSON.parse(line)].flat().map(heardIn));
        if (!isStopped) send();
      }
    });
    socket.on('error', () => socket.destroy());
    return new Promise((resolve) => {
      socket.on('close', () => {
        sockets.delete(socket);
        resolve();
      });
    });
  }

  const calling = Array.from({ length: CONNECTIONS }, () => callOn(chooseKind, AT_ONCE));
  calling.push(callOn(() => 'denied', FORBIDDEN_AT_ONCE));
  return {
    get sent() {
      return sent;
    },
    heard,
    async stop() {
      isStopped = true;
      for (const socket of sockets) socket.destroy();
      await Promise.all(calling);
    },
  };
}

function heardIn({ error, _meta }: Message): Heard {
  const request = String(error?.data.request_id ?? _meta?.['request_id']);
  return { request, code: error?.code ?? null, reason: error?.data.reason ?? null };
}

function lineOf(kind: Kind, id: number): string {
  if (kind === 'no-json') return '{"jsonrpc":';
  if (kind === 'batch') return JSON.stringify([callOf('built-in', id), callOf('denied', id), 'none']);
  return JSON.stringify(callOf(kind, id));
}

/** Its trace id is what the driver is given: what was done can so be held against what is on record. */
function callOf(kind: Exclude<Kind, 'no-json' | 'batch'>, id: number): object {
  const act = randomBytes(16).toString('hex');
  const _meta = { reply: true, traceparent: `00-${act}-${act.slice(16)}-01` };
  const acting = (name: string, seconds = '0', status = '0'): object => ({
    ...{ jsonrpc: '2.0', id, method: `acting.${name}`, params: { act, seconds, status, _meta } },
  });
  switch (kind) {
    case 'built-in':
      return { jsonrpc: '2.0', id, method: 'rpc.status', params: { _meta } };
    case 'act':
      return acting('act');
    case 'erase':
      return acting('erase');
    case 'fail':
      return acting('act', '0', '3');
    case 'long':
      return acting('act', '3600');
    case 'notification':
      return { ...acting('act'), id: undefined };
    case 'denied':
      return acting('forbidden');
    case 'invalid-params':
      return acting('act', 'for a while');
    case 'no-method':
      return acting('nothing');
  }
}
