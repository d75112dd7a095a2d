import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MOST_LINGERING } from '../../src/broker/connection/connections.ts';
import { childrenOf } from '../../src/monitor/launch/process-status.ts';
import { callOnce, connectClient, type Message } from '../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { patience } from '../support/patience.ts';
import { descendantsOf, openDescriptors } from '../support/processes.ts';

const MEBIBYTE = 1_048_576;
let daemon: TestDaemon;
let broker: number;

beforeAll(async () => {
  daemon = await startTestDaemon({
    settings:
      'limits: { message_ms: 700, connections_per_identity: 40, in_flight_per_connection: 8, reply_buffer_bytes: 65536 }',
  });
  broker = childrenOf(daemon.pid).flatMap(descendantsOf).at(-1) ?? -1;
});
afterAll(() => daemon.stop());

const discover = (id: unknown): string => JSON.stringify({ jsonrpc: '2.0', id, method: 'rpc.discover' });

describe('lines', () => {
  test('an endless line gets one error with id null, then the end, while others are served (T1)', async () => {
    const client = await connectClient(daemon.socket);
    const other = callOnce(daemon.socket, 'rpc.discover');
    client.socket.write('a'.repeat(MEBIBYTE + 10));
    const reply = (await client.next()) as Message;
    expect(reply).toMatchObject({ id: null, error: { code: -32030, data: { reason: 'message-too-large' } } });
    expect(await client.next()).toBeNull();
    expect((await other).error).toBeUndefined();
  });

  test('a line that does not end in time is refused, however slowly its bytes come (T2)', async () => {
    const client = await connectClient(daemon.socket);
    const drip = setInterval(() => client.socket.write(' '), 50);
    const reply = (await client.next()) as Message;
    clearInterval(drip);
    expect(reply.error?.data.reason).toBe('message-timeout');
    expect(await client.next()).toBeNull();
  });

  test('several calls and a part of the next in one segment are each answered once (T8)', async () => {
    const client = await connectClient(daemon.socket);
    const last = discover(4);
    client.socket.write(`${[1, 2, 3].map(discover).join('\n')}\r\n${last.slice(0, 10)}`);
    await wait(100);
    client.socket.write(`${last.slice(10)}\n`);
    const ids = [];
    for (let count = 0; count < 4; count += 1) ids.push(((await client.next()) as Message).id);
    expect(ids.toSorted()).toEqual([1, 2, 3, 4]);
    client.close();
  });

  test('calls before an endless line, in one segment with it, are answered and on record (invariant 11)', async () => {
    const client = await connectClient(daemon.socket);
    client.socket.write(`${discover('first')}\n${discover('second')}\n${'a'.repeat(MEBIBYTE + 10)}`);
    const replies = [];
    for (let reply = await client.next(); reply !== null; reply = await client.next())
      replies.push(reply as Message);
    expect(replies.map(({ id }) => id).toSorted()).toEqual(['first', 'second', null].toSorted());
  });

  test('a caller whose calls fill its places is not blamed for the line that the daemon does not read meanwhile', async () => {
    const client = await connectClient(daemon.socket);
    const slow = (id: number): string =>
      JSON.stringify({ jsonrpc: '2.0', id, method: 'misbehave.slow', params: { ms: 1500 } });
    const last = discover(99);
    const filling = [1, 2, 3, 4, 5, 6, 7, 8, 9].map(slow).join('\n');
    client.socket.write(`${filling}\n${last.slice(0, 10)}`);
    await wait(900);
    client.socket.write(`${last.slice(10)}\n`);
    const ids = [];
    for (let count = 0; count < 10; count += 1) {
      const reply = (await client.next()) as Message;
      expect(reply.error).toBeUndefined();
      ids.push(reply.id);
    }
    expect(ids).toContain(99);
    client.close();
  });

  test('an HTTP request line ends the connection with an error (T11)', async () => {
    const client = await connectClient(daemon.socket);
    client.socket.write(`POST / HTTP/1.1\r\nHost: x\r\n\r\n${discover(1)}\n`);
    const reply = (await client.next()) as Message;
    expect(reply.error?.data.reason).toBe('http-not-spoken');
    expect(await client.next()).toBeNull();
  });

  test.each([
    ['not JSON', '{"jsonrpc": "2.0", "method"', -32700],
    ['duplicate keys (J2)', '{"jsonrpc":"2.0","id":1,"method":"a","\\u006dethod":"b"}', -32700],
    ['deep nesting (J4)', '['.repeat(100_000), -32700],
    ['a reserved key (J3)', '{"jsonrpc":"2.0","id":1,"method":"a","params":{"__proto__":1}}', -32700],
    ['an empty batch (J10)', '[]', -32600],
    ['a version that is a number (J11)', '{"jsonrpc":2.0,"id":1,"method":"a"}', -32600],
    ['an id that is an object (J12)', '{"jsonrpc":"2.0","id":{},"method":"a"}', -32600],
    ['params that are null (J18)', '{"jsonrpc":"2.0","id":1,"method":"a","params":null}', -32600],
  ])('%s gets its error, and the connection stays usable', async (_what, line, code) => {
    const client = await connectClient(daemon.socket);
    client.send(line);
    const reply = (await client.next()) as Message;
    expect(reply.error?.code).toBe(code);
    expect(reply.error?.data.request_id).toMatch(/^[0-9a-f-]{36}$/);
    expect((await client.call('rpc.discover')).error).toBeUndefined();
    client.close();
  });

  test(
    '10,000 pipelined lines are all answered, a few at a time (T21)',
    async () => {
      const client = await connectClient(daemon.socket);
      const lines = Array.from({ length: 10_000 }, (_, id) =>
        JSON.stringify({ jsonrpc: '2.0', id, method: 'rpc.status' }),
      );
      client.socket.write(`${lines.join('\n')}\n`);
      const seen = new Set<unknown>();
      while (seen.size < lines.length) seen.add(((await client.next()) as Message).id);
      client.close();
    },
    60_000 * patience,
  );
});

describe('connections', () => {
  /** The daemon needs a moment to see that callers have closed. */
  const placesAreFree = (): Promise<void> =>
    expect
      .poll(
        async () => {
          const client = await connectClient(daemon.socket);
          client.send(discover(1));
          const reply = (await client.next()) as Message | null;
          client.close();
          return reply === null ? 'closed' : reply.error?.data.reason;
        },
        { timeout: 10_000 },
      )
      .toBeUndefined();

  test('of one identity beyond its limit are told so and ended (T3)', async () => {
    const clients = await Promise.all(Array.from({ length: 45 }, () => connectClient(daemon.socket)));
    const replies = await Promise.all(
      clients.map(async (client) => {
        client.send(discover(1));
        return (await client.next()) as Message;
      }),
    );
    for (const client of clients) client.close();
    const reasons = replies.map((reply) => reply.error?.data.reason ?? 'served');
    expect(reasons.filter((reason) => reason === 'too-many-connections').length).toBeGreaterThanOrEqual(5);
    expect(reasons).toContain('served');
    await placesAreFree();
  });

  test('whoever is turned away may first write and then read why (T3)', async () => {
    const clients = await Promise.all(Array.from({ length: 40 }, () => connectClient(daemon.socket)));
    const refused = connect(daemon.socket);
    refused.pause();
    refused.on('error', () => refused.destroy());
    await wait(300);
    await new Promise((written) => refused.write(`${discover(1)}\n`, written));
    const [line] = (await once(refused.resume(), 'data')) as [Buffer];
    expect(JSON.parse(String(line)).error.data.reason).toBe('too-many-connections');
    await once(refused, 'close');
    for (const client of clients) client.close();
    await placesAreFree();
  });

  test('of callers that are turned away and stay, few are waited for: they fill nobody’s places (T3)', async () => {
    const clients = await Promise.all(Array.from({ length: 40 }, () => connectClient(daemon.socket)));
    const staying = Array.from({ length: 4 * MOST_LINGERING }, () =>
      connect({ path: daemon.socket, allowHalfOpen: true }).on('error', () => undefined),
    );
    const taken = await Promise.all(
      staying.map(async (socket) => {
        // A connection that the kernel had no place for, or that was reset, closes without an end.
        await new Promise<unknown>((over) => socket.once('end', over).once('close', over).resume());
        await wait(300);
        // Who is not waited for writes to nobody.
        return new Promise<boolean>((written) => socket.write(' ', (error) => written(error == null)));
      }),
    );
    expect(taken.filter(Boolean).length).toBeGreaterThan(0);
    expect(taken.filter(Boolean).length).toBeLessThanOrEqual(MOST_LINGERING);
    for (const socket of staying) socket.destroy();
    for (const client of clients) client.close();
    await placesAreFree();
  });

  test('a caller that never reads its replies is disconnected, others are served (T6)', async () => {
    const socket = connect(daemon.socket);
    socket.pause();
    socket.on('error', () => socket.destroy());
    const write = setInterval(
      () => socket.write(`${Array.from({ length: 50 }, (_, id) => discover(id)).join('\n')}\n`),
      5,
    );
    const closed = new Promise<boolean>((resolve) => socket.on('close', () => resolve(true)));
    const other = await callOnce(daemon.socket, 'rpc.discover');
    expect(other.error).toBeUndefined();
    const ended = await Promise.race([closed, wait(15_000).then(() => false)]);
    clearInterval(write);
    socket.destroy();
    expect(ended).toBe(true);
  });

  test('a half-closed caller gets its reply', async () => {
    const socat = spawn('socat', ['-t', '5', '-', `UNIX:${daemon.socket}`], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    socat.stdin.end(
      `${JSON.stringify({ jsonrpc: '2.0', id: 9, method: 'echo.say', params: { text: 'half' } })}\n`,
    );
    let text = '';
    for await (const chunk of socat.stdout) text += chunk;
    expect(JSON.parse(text)).toMatchObject({ id: 9, result: { text: 'half' } });
  });

  test('descriptors that a caller sends with its bytes never pile up (T15)', async () => {
    const before = openDescriptors(broker);
    const script = [
      'import socket, sys, array, os',
      's = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])',
      'null = os.open("/dev/null", os.O_RDONLY)',
      'for i in range(200): s.sendmsg([b" "], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [null] * 50))])',
      's.sendall(b"\\n" + sys.argv[2].encode() + b"\\n"); print(s.recv(65536)[:20])',
    ].join('\n');
    const python = spawn('python3', ['-c', script, daemon.socket, discover(1)], { stdio: 'inherit' });
    await new Promise((resolve) => python.on('exit', resolve));
    await wait(300);
    expect(openDescriptors(broker)).toBeLessThanOrEqual(before + 2);
  });
});

describe('batches and notifications', () => {
  test('the elements of a batch are independent: one slow, one failing, one denied (J15, J16)', async () => {
    const client = await connectClient(daemon.socket);
    client.send([
      { jsonrpc: '2.0', id: 1, method: 'echo.say', params: { text: 'a' } },
      { jsonrpc: '2.0', id: 2, method: 'echo.say', params: { wrong: 1 } },
      { jsonrpc: '2.0', id: 3, method: 'misbehave.exit7', params: {} },
      { jsonrpc: '2.0', method: 'echo.say', params: { text: 'notification' } },
      17,
    ]);
    const replies = (await client.next()) as Message[];
    expect(replies.map((reply) => [reply.id, reply.error?.code ?? 'ok'])).toEqual([
      [1, 'ok'],
      [2, -32602],
      [3, -32010],
      [null, -32600],
    ]);
    client.close();
  });

  test('a notification gets no reply and has its records (A19)', async () => {
    const client = await connectClient(daemon.socket);
    client.send({ jsonrpc: '2.0', method: 'echo.say', params: { text: 'x' } });
    const reply = await client.call('rpc.discover');
    expect(reply.id).toBe(1);
    await expect
      .poll(() =>
        daemon
          .records()
          .some((record) => record.event === 'call-start' && record.claims['notification'] === true),
      )
      .toBe(true);
    client.close();
  });

  test('the examples of the specification that need no method get their exact replies (J10)', async () => {
    const folder = new URL('../suites/jsonrpc-2.0-spec-examples/examples.json', import.meta.url);
    expect(JSON.parse(readFileSync(folder, 'utf8'))).toBeDefined();
    const client = await connectClient(daemon.socket);
    client.send('[1,2,3]');
    const replies = (await client.next()) as Message[];
    expect(replies.map(({ id, error }) => [id, error?.code])).toEqual([
      [null, -32600],
      [null, -32600],
      [null, -32600],
    ]);
    client.close();
  });
});

test('no error text of the daemon carries a stack, a path or a value of the call (J20)', async () => {
  for (const params of [{ path: '/secret-place' }, { text: 5 }]) {
    const reply = await callOnce(daemon.socket, 'echo.say', params);
    expect(JSON.stringify(reply)).not.toMatch(/secret-place|node:|\.js|\/work|\/tmp|at /);
  }
});
