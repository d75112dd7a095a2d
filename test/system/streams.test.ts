import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callOnce, connectClient, type Message } from '../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { patience } from '../support/patience.ts';
import { commandLines, descendantsOf, statusOf } from '../support/processes.ts';
import { rounds } from '../support/rounds.ts';
import { callOn, callStream } from '../support/stream-client.ts';

const MEBIBYTE = 1_048_576;
const SECRET = 'swordfish-in-the-stream';
const STALL_MS = 1_000;
const MARK = '[REDACTED:token]';
/** A slow reader rests after so much, for so long. */
const REST_EVERY_BYTES = MEBIBYTE;
const REST_MS = 5;

/** The same bytes in each run: one in two hundred of random ones has a `pw:` in it, whose value is masked. */
const someBytes = (length: number): Buffer =>
  createHash('shake256', { outputLength: length }).update('driverd').digest();

const folder = mkdtempSync(join(tmpdir(), 'driverd-streams-'));
let daemon: TestDaemon;

beforeAll(async () => {
  const file = join(folder, 'token');
  writeFileSync(file, SECRET, { mode: 0o600 });
  const secret = `secrets: [{ name: token, file: ${JSON.stringify(file)} }]\n`;
  daemon = await startTestDaemon({
    profiles: {
      source: `version: 1\nlimits: { wall_ms: 1800000 }\n${secret}`,
      streamer: `version: 1\nlimits: { wall_ms: 1800000 }\n${secret}`,
      capped: 'version: 1\ndriver: source\nlimits: { stream_bytes: 100000 }\n',
      cut: `version: 1\ndriver: source\nlimits: { stream_bytes: 100000 }\non_output_limit: truncate\n${secret}`,
      misbehave: 'version: 1\nlimits: { wall_ms: 20000 }\n',
      echo: 'version: 1\n',
    },
    settings: `limits: { stream_stall_ms: ${STALL_MS}, message_bytes: 16777216 }`,
  });
});
afterAll(async () => {
  await daemon.stop();
  rmSync(folder, { recursive: true });
});

const stream = (method: string, params: object = {}) => callStream(daemon.socket, method, params);

function brokerPid({ pid: monitor }: TestDaemon): number {
  const lines = commandLines();
  return Math.max(
    ...descendantsOf(monitor).filter((pid) => lines.get(pid)?.includes('broker/main.js') === true),
  );
}

/** A caller that stops reading at the first chunk. */
function pauseOnce(socket: Socket): () => void {
  let isFirst = true;
  return () => {
    if (isFirst) socket.pause();
    isFirst = false;
  };
}

/** Kilobytes of /proc/PID/status, in bytes. */
const residentBytes = (pid: number): number => Number.parseInt(statusOf(pid).get('VmRSS') ?? '', 10) * 1_024;

describe('a streamed result', () => {
  test('comes in chunks in their order, then the reply, which says how many there were', async () => {
    const { bytes, chunks, reply } = await stream('source.text', { bytes: 3 * MEBIBYTE });
    expect(reply.result).toEqual({ exit_status: 0 });
    expect(reply._meta?.['stream']).toEqual({ chunks, bytes: 3 * MEBIBYTE });
    expect(bytes).toHaveLength(3 * MEBIBYTE);
    expect(chunks).toBeGreaterThan(90);
  });

  test.each([
    ['text', Buffer.from('ein Wörtchen, 漢字 und 🙂🙂🙂\n'.repeat(4_000))],
    ['bytes', someBytes(300_000)],
    ['text with bytes in it', Buffer.concat([Buffer.from('é'.repeat(40_000)), someBytes(99)])],
    ['a byte-order mark and control characters', Buffer.from('\ufeff\u0000\u0001\u2028\n\r\n')],
    ['the half of a character', Buffer.from('🙂').subarray(0, 3)],
    ['nothing', Buffer.alloc(0)],
  ])('is the same bytes: %s', async (_what, given) => {
    const { bytes, reply } = await stream('source.copy', { given: { base64: given.toString('base64') } });
    expect(reply.error).toBeUndefined();
    expect(bytes.equals(given)).toBe(true);
    expect(reply._meta?.['stream']).toMatchObject({ bytes: given.length });
  });

  test('is text where it is UTF-8, also where the driver writes it byte by byte', async () => {
    const client = await connectClient(daemon.socket);
    const given = 'zwölf Boxkämpfer 漢字 🙂\n'.repeat(20);
    await client.call('source.bytewise', { given, _meta: { progressToken: 't' } });
    const data = client.notifications.map(({ params }) => params?.['data']);
    expect(data.every((one) => typeof one === 'string')).toBe(true);
    expect(data.join('')).toBe(given);
    client.close();
  });

  test('is lines where the manifest says so', async () => {
    const { lines, reply } = await stream('source.lines', { given: 'one\ntwo\n\nlast' });
    expect(lines).toEqual(['one', 'two', '', 'last']);
    expect(reply._meta?.['stream']).toMatchObject({ bytes: 13 });
  });

  test.each([
    ['bytes', { base64: Buffer.from([0x61, 0xff, 0x0a]).toString('base64') }, 'lines'],
    ['an endless line', 'x'.repeat(300_000), 'line-length'],
  ])('of lines is refused where it is none: %s', async (_what, given, rule) => {
    const { reply } = await stream('source.lines', { given });
    expect(reply.error?.data).toMatchObject({ reason: 'driver-bad-output', at: '/stdout', rule });
  });

  test('needs a progress token, by which its chunks are known', async () => {
    const reply = await callOnce(daemon.socket, 'source.text', { bytes: 1 });
    expect(reply.error).toMatchObject({
      code: -32602,
      data: { reason: 'invalid-params', at: '/_meta/progressToken', rule: 'required' },
    });
  });

  test('of a program that fails was sent as far as it came, and the error says how far', async () => {
    const { bytes, reply } = await stream('source.fail');
    expect(bytes.toString()).toBe('some of it\n');
    expect(reply.error?.data).toMatchObject({
      reason: 'driver-failed',
      driver: { exit_status: 3, stderr: 'it broke\n' },
      stream: { chunks: 1, bytes: 11 },
    });
  });

  test('stands in rpc.discover', async () => {
    const { result } = await callOnce(daemon.socket, 'rpc.discover');
    const found = (name: string): Record<string, unknown> =>
      result.methods.find((one: { name: string }) => one.name === name)['x-driverd'];
    expect(found('source.text')).toMatchObject({ stream: true, on_disconnect: 'cancel' });
    expect(found('source.finish')).toMatchObject({ stream: false, on_disconnect: 'finish' });
  });
});

describe('a stream of the driver protocol', () => {
  test('is what the SDK is given, text or bytes', async () => {
    const pieces = ['one ', 'zwei ü', '', '漢🙂\n', 'x'.repeat(200_000)];
    for (const binary of [false, true]) {
      const { bytes, reply } = await stream('streamer.say', { pieces, binary });
      expect(bytes.toString()).toBe(pieces.join(''));
      expect(reply.result).toEqual({ pieces: pieces.length });
      expect(reply._meta?.['stream']).toMatchObject({ bytes: Buffer.byteLength(pieces.join('')) });
    }
  });

  test('with a chunk that is none is bad output', async () => {
    const { reply } = await stream('streamer.broken');
    expect(reply.error?.data).toMatchObject({ reason: 'driver-bad-output', at: '/data', rule: 'chunk' });
  });

  test('of a method that does not stream is ignored', async () => {
    const { chunks, reply } = await stream('streamer.plain');
    expect([chunks, reply.result, reply._meta?.['stream']]).toEqual([0, {}, undefined]);
  });

  test('ends when it is cancelled, which the SDK tells the driver', async () => {
    const client = await connectClient(daemon.socket);
    client.send({
      ...{ jsonrpc: '2.0', id: 'c', method: 'streamer.until' },
      params: { _meta: { progressToken: 't' } },
    });
    while (((await client.next()) as Message).method !== 'rpc.chunk');
    client.send({ jsonrpc: '2.0', method: 'rpc.cancel', params: { id: 'c' } });
    let reply = (await client.next()) as Message;
    while (reply.id === undefined) reply = (await client.next()) as Message;
    expect(reply.error?.data).toMatchObject({ reason: 'cancelled', stream: { bytes: expect.any(Number) } });
    const logs = await callOnce(daemon.socket, 'rpc.logs', { driver: 'streamer' });
    expect(logs.result.lines.at(-1)).toMatchObject({ text: 'it was cancelled' });
    client.close();
  });
});

describe('secrets in a stream', () => {
  test.each(['source.bytewise', 'source.copy'])(
    'are masked wherever the pieces of the output are cut (%s, invariant 10)',
    async (method) => {
      const given = `before ${SECRET} between\n${'x'.repeat(16_370)}${SECRET}${'y'.repeat(40_000)}\n${SECRET}`;
      const { bytes, reply } = await stream(method, { given });
      expect(bytes.toString()).toBe(given.replaceAll(SECRET, MARK));
      expect(reply._meta?.['stream']).toMatchObject({ bytes: bytes.length });
    },
  );

  test('are masked over the chunks of a driver, at each place at which they can be cut (invariant 10)', async () => {
    for (let at = 1; at < SECRET.length; at += 1) {
      const pieces = ['a ', SECRET.slice(0, at), SECRET.slice(at), ' b'];
      const { bytes } = await stream('streamer.say', { pieces, binary: at % 2 === 0 });
      expect(bytes.toString()).toBe(`a ${MARK} b`);
    }
  });

  test('are masked in a stream of lines, and none is half there where a stream is cut at its limit', async () => {
    const { lines } = await stream('source.lines', { given: `a\n${SECRET}\nb` });
    expect(lines).toEqual(['a', MARK, 'b']);
    const half = `${'x'.repeat(99_990)} ${SECRET}`;
    const cut = await stream('cut.copy', { given: half });
    expect(cut.bytes.toString()).not.toContain(SECRET.slice(0, 4));
    expect(cut.reply.result).toEqual({ exit_status: 0 });
    expect(cut.reply._meta?.['dropped_bytes']).toBe(half.length - cut.bytes.length);
  });
});

describe('limits of a stream', () => {
  test('its own limit ends it, however much an ordinary result may have', async () => {
    const { reply } = await stream('capped.zeros', { bytes: 100_001 });
    expect(reply.error?.data.reason).toBe('output-limit');
    expect((await stream('capped.zeros', { bytes: 100_000 })).bytes).toHaveLength(100_000);
    // More than limits.output_bytes.
    expect((await stream('source.zeros', { bytes: 12 * MEBIBYTE })).bytes).toHaveLength(12 * MEBIBYTE);
  });

  test('a caller that stops reading holds up its own stream alone, and is disconnected after a while (T6)', async () => {
    const socket = connect(daemon.socket);
    const ended = callOn(socket, 'source.zeros', { bytes: 64 * MEBIBYTE }, pauseOnce(socket)).catch(String);
    await wait(300);
    const before = performance.now();
    for (let call = 0; call < 20; call += 1)
      expect((await callOnce(daemon.socket, 'echo.say', { text: 'x' })).result).toMatchObject({ text: 'x' });
    expect((await stream('source.text', { bytes: MEBIBYTE })).bytes).toHaveLength(MEBIBYTE);
    expect(performance.now() - before).toBeLessThan(20_000 * patience);
    await expect
      .poll(
        () =>
          daemon
            .records()
            .filter(({ event, claims }) => event === 'call-end' && claims['method'] === 'source.zeros')
            .at(-1)?.claims['end_reason'],
        { timeout: 15_000 * patience },
      )
      .toBe('disconnected');
    socket.resume();
    expect(await ended).toContain('closed the connection');
  });

  test('a stream that waits for its reader can be cancelled, and the reply comes behind what was sent', async () => {
    const socket = connect(daemon.socket);
    const reply = callOn(socket, 'source.zeros', { bytes: 64 * MEBIBYTE }, pauseOnce(socket));
    setTimeout(() => socket.resume(), 700);
    socket.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'rpc.cancel', params: { id: 1 } })}\n`);
    expect((await reply).error?.data).toMatchObject({ reason: 'cancelled' });
    socket.destroy();
  });

  test(
    `${rounds('streamedMebibytes')} MiB to a slow reader: the broker grows by less than 16 MiB (invariant 14)`,
    async () => {
      const fresh = await startTestDaemon({
        profiles: { source: 'version: 1\nlimits: { wall_ms: 3600000 }\n' },
      });
      const broker = brokerPid(fresh);
      const bytes = rounds('streamedMebibytes') * MEBIBYTE;
      // What the compiler makes of a first call counts for nobody.
      await callStream(fresh.socket, 'source.text', { bytes: MEBIBYTE });
      const before = residentBytes(broker);
      let [most, read, rested] = [before, 0, 0];
      const socket = connect(fresh.socket);
      socket.on('data', (chunk: Buffer) => {
        read += chunk.length;
        if (read - rested < REST_EVERY_BYTES) return;
        rested = read;
        most = Math.max(most, residentBytes(broker));
        socket.pause();
        setTimeout(() => socket.resume(), REST_MS);
      });
      const reply = await callOn(socket, 'source.text', { bytes }, () => undefined);
      socket.destroy();
      expect(reply._meta?.['stream']).toMatchObject({ bytes });
      most = Math.max(most, residentBytes(broker));
      console.log(
        `broker: ${before} bytes resident before, ${most} at most, ${(most - before) / MEBIBYTE} MiB more`,
      );
      await fresh.stop();
      expect(most - before).toBeLessThan(16 * MEBIBYTE);
    },
    rounds('streamedMebibytes') * 2_000 * patience + 60_000,
  );
});

describe('progress', () => {
  test('comes at most ten times a second, in order, and the last of it before the reply', async () => {
    const client = await connectClient(daemon.socket);
    const before = performance.now();
    const reply = await client.call('misbehave.progress', {
      ...{ steps: 400, interval_ms: 2 },
      _meta: { progressToken: 'p' },
    });
    const seconds = (performance.now() - before) / 1_000;
    expect(reply.result).toEqual({ steps: 400 });
    const seen = client.notifications.map(({ params }) => Number(params?.['progress']));
    expect(seen).toEqual(seen.toSorted((one, other) => one - other));
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.at(-1)).toBe(400);
    expect(seen.length).toBeGreaterThan(2);
    expect(seen.length).toBeLessThanOrEqual(10 * seconds + 2);
    client.close();
  });

  test('that comes all at once is the first and the last', async () => {
    const client = await connectClient(daemon.socket);
    await client.call('misbehave.progress', {
      ...{ steps: 5_000, interval_ms: 0 },
      _meta: { progressToken: 'p' },
    });
    const seen = client.notifications.map(({ params }) => Number(params?.['progress']));
    expect(seen[0]).toBe(1);
    expect(seen.at(-1)).toBe(5_000);
    client.close();
  });
});
