import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { createWriter } from '../../../src/broker/connection/writer.ts';
import { makeFolder } from '../../shared/audit/made-log.ts';

const MAXIMUM_BYTES = 64 * 1_048_576;
const PATIENCE_MS = 60_000;
/** More than a stream keeps before it asks to wait for a drain, and less than a socket pair takes. */
const LARGE = 'r'.repeat(100_000);
/** More than a socket pair takes. */
const HUGE = 'r'.repeat(4_000_000);
const sockets: { destroy(): void }[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** Both ends of a connection; nobody reads the caller's yet. */
async function connected(): Promise<{ readonly daemon: Socket; readonly caller: Socket }> {
  const path = join(makeFolder(), 'socket');
  const server = createServer({ pauseOnConnect: false });
  server.listen(path);
  await once(server, 'listening');
  const accepting = once(server, 'connection');
  const caller = connect(path);
  caller.pause();
  const [daemon] = (await accepting) as [Socket];
  sockets.push(daemon, caller);
  server.close();
  return { daemon, caller };
}

async function linesOf(caller: Socket, count: number): Promise<readonly string[]> {
  let heard = '';
  for await (const chunk of caller.setEncoding('utf8')) {
    heard += chunk;
    if (heard.split('\n').length > count) break;
  }
  return heard.split('\n').slice(0, count);
}

test('progress that comes in one turn with a large reply of another call reaches a caller that reads', async () => {
  const { daemon, caller } = await connected();
  const { line } = createWriter(daemon, MAXIMUM_BYTES, PATIENCE_MS, () => undefined);
  expect(line(LARGE, false)).toBe(true);
  expect(line('progress', true)).toBe(true);
  expect(await linesOf(caller, 2)).toEqual([LARGE, 'progress']);
});

test('progress for a caller that does not read is left out, replies are not (invariant 14)', async () => {
  const { daemon, caller } = await connected();
  const { line } = createWriter(daemon, MAXIMUM_BYTES, PATIENCE_MS, () => undefined);
  line(HUGE, false);
  await turn();
  expect(line('progress', true)).toBe(false);
  expect(line('reply', false)).toBe(true);
  expect(await linesOf(caller, 2)).toEqual([HUGE, 'reply']);
});
