import { Socket } from 'node:net';
import type { LaunchEnd } from '../../boundary/launch-words.ts';
import { JsonRefused, parseJson } from '../../shared/json/parse.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../shared/json-value.ts';
import { createLineReader } from '../frame/lines.ts';
import type { LaunchGrant } from '../monitor-link.ts';
import { writeOnceATurn } from '../write-once-a-turn.ts';

/** The method of the driver protocol that every persistent driver answers. */
const PING = 'rpc.ping';
/** Longest wait for the first answer of a process, in milliseconds: it loads what it needs. */
const STARTS_WITHIN_MS = 10_000;
/** One that has answered nothing for so long, and has nothing to do, is asked whether it still answers. */
const ASKED_EVERY_MS = 10_000;
const ANSWERS_WITHIN_MS = 5_000;
/** Most bytes of requests that a process may leave unread: what it was given waits for its time limit beyond that. */
const MAXIMUM_UNREAD_BYTES = 67_108_864;
/** How long streams are drained after the sandbox is dead, in milliseconds. */
const DRAIN_WITHIN_MS = 2_000;

/** The fault of one that said too much that belongs to no call; the rest of its stderr was dropped. */
export const STRAY_OUTPUT = 'stray-output';

/** How a process ended, for the calls that it had. */
export interface ProcessEnd {
  readonly end: LaunchEnd;
  readonly status: number;
  /** What of the protocol it broke, or that it did not answer; null: nothing. */
  readonly fault: string | null;
}

/** Who hears one request's answer. */
export interface RequestHearing {
  /** @param line as it came */
  response(response: JsonObject, line: Uint8Array): void;
  notification(name: string, params: JsonObject, bytes: number): void;
  /** Its process has ended; no answer came. */
  lost(end: ProcessEnd): void;
}

/** A running persistent driver: requests by number on its stdin, answers in any order on its stdout. */
export interface PersistentProcess {
  readonly launch: number;
  readonly grant: LaunchGrant;
  /** Settles when it has answered once; false: it ended, or did not in time. */
  readonly ready: Promise<boolean>;
  /** Requests without an answer. */
  readonly pending: number;
  /** It has answered a call, and not only that it is there. */
  readonly hasServed: boolean;
  /** It is being ended, or has ended: what it is given is lost. */
  readonly isOver: boolean;
  /** Sends a request and returns its number; to one that has ended nothing, and the request is lost. */
  request(method: string, params: JsonObject, meta: JsonObject, hearing: RequestHearing): number;
  /** Tells it that nobody waits for an answer any more; one still has to come. */
  cancel(id: number): void;
  /** Ends it, with all that it has. */
  kill(fault: string | null): void;
  /** Settles when it is dead and its output is read. */
  readonly ended: Promise<ProcessEnd>;
}

export interface ProcessLimits {
  /** Longest line; and most bytes of what belongs to no call, stderr with it, between two answers. */
  readonly outputBytes: number;
  readonly depth: number;
  readonly keys: number;
}

/**
 * Takes over the streams of a persistent launch. What its stdout holds is parsed as strictly as what callers say; what is no
 * answer to a request that waits for one ends it.
 * @param stderr takes what it says there, unscrubbed
 */
export function openProcess(
  grant: LaunchGrant,
  limits: ProcessLimits,
  end: () => void,
  stderr: (chunk: Buffer) => void,
): PersistentProcess {
  const stdin = new Socket({ fd: grant.stdin, readable: false, writable: true });
  const writeLine = writeOnceATurn(stdin);
  const stdout = new Socket({ fd: grant.stdout, readable: true, writable: false });
  const errors = new Socket({ fd: grant.stderr, readable: true, writable: false });
  const hearings = new Map<number, RequestHearing>();
  let lastId = 0;
  let pinged = 0;
  let fault: string | null = null;
  let told: ProcessEnd | null = null;
  let isKilled = false;
  let hasServed = false;
  let heardAt = performance.now();
  /** Since the last answer. */
  let strayBytes = 0;

  function kill(why: string | null): void {
    fault ??= why;
    if (isKilled) return;
    isKilled = true;
    end();
  }

  function bad(rule: string): void {
    lines.stop();
    kill(rule);
  }

  function onLine(line: Uint8Array): void {
    let value: JsonValue;
    try {
      value = parseJson(line, limits);
    } catch (error) {
      if (!(error instanceof JsonRefused)) throw error;
      return bad(error.reason);
    }
    if (!isJsonObject(value) || value['jsonrpc'] !== '2.0') return bad('jsonrpc');
    const { id, method, params } = value;
    if (typeof method === 'string' && id === undefined) return onNotification(method, params, line.length);
    const hearing = typeof id === 'number' ? hearings.get(id) : undefined;
    if (typeof id !== 'number' || hearing === undefined || method !== undefined) return bad('response');
    hearings.delete(id);
    heardAt = performance.now();
    strayBytes = 0;
    if (id !== pinged) hasServed = true;
    hearing.response(value, line);
  }

  /** What names no call that waits comes too late, and is nobody's. */
  function onNotification(name: string, params: JsonValue | undefined, bytes: number): void {
    const request = params !== undefined && isJsonObject(params) ? params['request'] : undefined;
    const hearing = typeof request === 'number' ? hearings.get(request) : undefined;
    if (hearing === undefined || params === undefined || !isJsonObject(params)) stray(bytes);
    else hearing.notification(name, params, bytes);
  }

  /** No call's limit holds it, and reading it costs all callers. */
  function stray(bytes: number): void {
    strayBytes += bytes;
    if (strayBytes > limits.outputBytes) bad(STRAY_OUTPUT);
  }

  function write(message: JsonObject): void {
    if (stdin.writableLength > MAXIMUM_UNREAD_BYTES) return kill('unread');
    writeLine(`${JSON.stringify(message)}\n`);
  }

  function request(method: string, params: JsonObject, meta: JsonObject, hearing: RequestHearing): number {
    lastId += 1;
    const id = lastId;
    if (told !== null) {
      // It ended while the call's intent was written.
      hearing.lost(told);
      return id;
    }
    hearings.set(id, hearing);
    write({ jsonrpc: '2.0', id, method, params, _meta: meta });
    return id;
  }

  function ping(withinMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        kill('no-answer');
        resolve(false);
      }, withinMs);
      const answered = (isAlive: boolean) => (): void => {
        clearTimeout(timer);
        resolve(isAlive);
      };
      pinged = request(
        PING,
        {},
        {},
        {
          response: answered(true),
          notification: () => undefined,
          lost: answered(false),
        },
      );
    });
  }

  const lines = createLineReader(limits.outputBytes, { line: onLine, tooLong: () => bad('line-length') });
  // EPIPE and the like: it ended or closed its end; its calls hear of its end.
  stdin.on('error', () => stdin.destroy());
  stdout.on('data', (chunk: Buffer) => lines.push(chunk));
  errors.on('data', (chunk: Buffer) => {
    stray(chunk.length);
    if (strayBytes <= limits.outputBytes) stderr(chunk);
  });
  const read = [stdout, errors].map(
    (stream) =>
      new Promise<void>((resolve) => {
        stream.on('error', () => stream.destroy());
        stream.on('end', () => stream.destroy());
        stream.on('close', () => resolve());
      }),
  );
  const ended = grant.ended.then(async ({ end: how, status }): Promise<ProcessEnd> => {
    const timer = setTimeout(() => {
      for (const stream of [stdout, errors]) stream.destroy();
    }, DRAIN_WITHIN_MS);
    await Promise.all(read);
    clearTimeout(timer);
    clearInterval(asking);
    stdin.destroy();
    const over = { end: how, status, fault };
    told = over;
    const waiting = [...hearings.values()];
    hearings.clear();
    for (const hearing of waiting) hearing.lost(over);
    return over;
  });
  const asking = setInterval(() => {
    if (hearings.size === 0 && performance.now() - heardAt >= ASKED_EVERY_MS) void ping(ANSWERS_WITHIN_MS);
  }, ASKED_EVERY_MS).unref();

  return {
    launch: grant.launch,
    grant,
    ready: ping(STARTS_WITHIN_MS),
    get pending() {
      return hearings.size;
    },
    get hasServed() {
      return hasServed;
    },
    get isOver() {
      return isKilled || told !== null;
    },
    request,
    cancel(id) {
      if (told === null) write({ jsonrpc: '2.0', method: 'cancel', params: { id } });
    },
    kill,
    ended,
  };
}
