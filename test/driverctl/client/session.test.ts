import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createSession, replyLimits, type Session } from '../../../src/driverctl/client/session.ts';
import { DaemonFailure, Failure } from '../../../src/driverctl/failure.ts';
import { daemonError, type Play, type PlayedServer, playServer, say } from '../played-server.ts';

const cleanUp: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

async function sessionWith(
  play: Play,
  limits = replyLimits,
): Promise<{ session: Session; server: PlayedServer; heard: string[] }> {
  const server = await playServer(play);
  cleanUp.push(() => server.close());
  const heard: string[] = [];
  const session = createSession(connect(server.path), ({ method }) => void heard.push(method), limits);
  cleanUp.push(() => session.close());
  return { session, server, heard };
}

async function failureOf(play: Play, limits = replyLimits, waitMs = 60_000): Promise<Failure> {
  const { session } = await sessionWith(play, limits);
  const failure = await session.request('disk.usage', {}, waitMs).catch((error: unknown) => error);
  if (!(failure instanceof Failure)) throw new Error('the request did not fail as it should');
  return failure;
}

describe('a session with a played server', () => {
  test('sends one line and gives result and what was applied', async () => {
    const { session, server } = await sessionWith(({ id }, socket) => {
      say(socket, { jsonrpc: '2.0', id, result: [1], _meta: { request_id: 'r-1' } });
    });
    expect(await session.request('disk.usage', { path: '/' }, 60_000)).toEqual({
      result: [1],
      meta: { request_id: 'r-1' },
    });
    expect(server.requests).toEqual([{ jsonrpc: '2.0', id: 1, method: 'disk.usage', params: { path: '/' } }]);
  });

  test('carries one call after the other', async () => {
    const { session } = await sessionWith(({ id, method }, socket) =>
      say(socket, { jsonrpc: '2.0', id, result: method }),
    );
    expect((await session.request('a.a', {}, 60_000)).result).toBe('a.a');
    expect((await session.request('b.b', {}, 60_000)).result).toBe('b.b');
  });

  test('takes results that are null, false, zero and empty', async () => {
    for (const result of [null, false, 0, '']) {
      const { session } = await sessionWith(({ id }, socket) => say(socket, { jsonrpc: '2.0', id, result }));
      expect((await session.request('a.a', {}, 60_000)).result).toBe(result);
    }
  });

  test('hears notifications that come before the reply', async () => {
    const { session, heard } = await sessionWith(({ id }, socket) => {
      say(socket, { jsonrpc: '2.0', method: 'rpc.progress', params: { progressToken: 't', progress: 1 } });
      say(socket, { jsonrpc: '2.0', id, result: 1 });
    });
    await session.request('a.a', {}, 60_000);
    expect(heard).toEqual(['rpc.progress']);
  });

  test('gives the error of a reply, also of one that names no id', async () => {
    for (const ownId of [true, false]) {
      const failure = await failureOf(({ id }, socket) => {
        say(socket, { jsonrpc: '2.0', id: ownId ? id : null, error: daemonError('overloaded', -32021) });
      });
      expect(failure).toBeInstanceOf(DaemonFailure);
      expect(failure.exit).toBe('refused');
    }
  });

  test.each<readonly [string, (id: number) => string, string]>([
    ['what is no JSON', () => 'hello', 'it is not one JSON value'],
    ['an HTTP answer', () => 'HTTP/1.1 400 Bad Request\r', 'it is not one JSON value'],
    ['an empty line', () => '', 'it is not one JSON value'],
    ['duplicate keys', (id) => `{"jsonrpc":"2.0","id":${id},"result":1,"result":2}`, 'a key occurs twice'],
    [
      'deep JSON',
      (id) => `{"jsonrpc":"2.0","id":${id},"result":${'['.repeat(300)}${']'.repeat(300)}}`,
      'nested too deeply',
    ],
    ['very deep JSON', () => '['.repeat(1_000_000), 'nested too deeply'],
    ['a wrong id', (id) => `{"jsonrpc":"2.0","id":${id + 1},"result":1}`, 'a reply answers no question'],
    [
      'an id that is a string',
      (id) => `{"jsonrpc":"2.0","id":"${id}","result":1}`,
      'the id of a reply is no number',
    ],
    ['a result without an id', () => '{"jsonrpc":"2.0","result":1}', 'the id of a reply is no number'],
    ['no version', (id) => `{"id":${id},"result":1}`, 'not JSON-RPC 2.0'],
    ['result and error', (id) => `{"jsonrpc":"2.0","id":${id},"result":1,"error":{}}`, 'not exactly one'],
    ['neither result nor error', (id) => `{"jsonrpc":"2.0","id":${id}}`, 'not exactly one'],
    ['an error that is no object', (id) => `{"jsonrpc":"2.0","id":${id},"error":1}`, 'an error is no object'],
    ['an error without a code', (id) => `{"jsonrpc":"2.0","id":${id},"error":{"message":"x"}}`, 'no code'],
    ['a request', () => '{"jsonrpc":"2.0","id":1,"method":"run"}', 'the server sent a request'],
    ['a batch', (id) => `[{"jsonrpc":"2.0","id":${id},"result":1}]`, 'a message is no object'],
    ['a number', () => '1', 'a message is no object'],
    ['a prototype key', (id) => `{"jsonrpc":"2.0","id":${id},"result":{"__proto__":{}}}`, 'a reserved name'],
  ])('ends at %s with one clear error (U5)', async (_name, line, why) => {
    const failure = await failureOf(({ id }, socket) => void socket.write(`${line(id)}\n`));
    expect(failure.exit).toBe('connection');
    expect(failure.message).toMatch(/^Cannot read the daemon's answer: /u);
    expect(failure.message).toContain(why);
  });

  test('ends at two replies to one call, although the first was good (U5)', async () => {
    const failure = await failureOf(({ id }, socket) => {
      const reply = JSON.stringify({ jsonrpc: '2.0', id, result: 1 });
      socket.write(`${reply}\n${reply}\n`);
    });
    expect(failure.message).toBe("Cannot read the daemon's answer: a reply answers no question");
  });

  test('ends at a reply over 64 MiB while it still comes (U5)', async () => {
    const failure = await failureOf((_request, socket) => {
      const chunk = Buffer.alloc(1024 * 1024, 0x20);
      const more = (): void => {
        while (!socket.destroyed && socket.write(chunk));
      };
      socket.on('drain', more);
      more();
    });
    expect(failure.message).toBe("Cannot read the daemon's answer: a line is over 67108864 bytes");
  });

  test('ends at a flood of notifications (U5)', async () => {
    const failure = await failureOf(
      (_request, socket) => {
        for (let sent = 0; sent < 20; sent += 1) say(socket, { jsonrpc: '2.0', method: 'rpc.progress' });
      },
      { ...replyLimits, notifications: 10 },
    );
    expect(failure.message).toBe("Cannot read the daemon's answer: too many notifications");
  });

  test('ends where the server closes without an answer, or within one', async () => {
    const closed = await failureOf((_request, socket) => void socket.end());
    expect(closed.message).toBe("Cannot read the daemon's answer: the daemon closed the connection");
    const cut = await failureOf((_request, socket) => void socket.end('{"jsonrpc":'));
    expect(cut.message).toBe("Cannot read the daemon's answer: it ended in the middle of a line");
    expect(closed.exit).toBe('connection');
  });

  test('ends where no answer comes in time', async () => {
    const failure = await failureOf(() => undefined, replyLimits, 20);
    expect(failure.exit).toBe('timeout');
    expect(failure.message).toBe('Cannot complete disk.usage: no reply within 20 ms');
  });
});
