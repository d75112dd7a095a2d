import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import {
  createStreamLines,
  type StreamLines,
  type WaitingLine,
} from '../../../src/broker/connection/stream-lines.ts';

const LONG_MS = 600_000;
const LINE = 'x'.repeat(65_536);

const toEnd: (() => void)[] = [];
afterEach(() => {
  for (const end of toEnd.splice(0)) end();
});

/** A connection whose caller does not read yet. */
async function connected(stallMs: number): Promise<{ lines: StreamLines; socket: Socket; caller: Socket }> {
  const folder = mkdtempSync(join(tmpdir(), 'stream-lines-'));
  const server = createServer();
  const path = join(folder, 's');
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const caller = connect(path).pause();
  const socket = await accepted;
  socket.on('error', () => undefined);
  toEnd.push(() => {
    for (const one of [caller, socket]) one.destroy();
    server.close();
    rmSync(folder, { recursive: true });
  });
  return { lines: createStreamLines(socket, stallMs), socket, caller };
}

/** Lines until one has to wait. */
function fill(lines: StreamLines): WaitingLine {
  for (;;) {
    const waiting = lines.line(LINE);
    if (waiting !== null) return waiting;
  }
}

test('a line waits where the caller does not read, and nothing else is kept of it (invariant 14)', async () => {
  const { lines, socket, caller } = await connected(LONG_MS);
  const first = fill(lines);
  const queued = socket.writableLength;
  const second = lines.line('second');
  expect(second).not.toBeNull();
  expect(socket.writableLength).toBe(queued);
  let text = '';
  caller.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  caller.resume();
  await first.settled;
  await second?.settled;
  await expect.poll(() => text.endsWith(`${LINE}\nsecond\n`)).toBe(true);
});

test('a line that is given up is not written, and holds up nobody', async () => {
  const { lines, caller } = await connected(LONG_MS);
  const first = fill(lines);
  const second = lines.line('second');
  first.giveUp();
  await first.settled;
  let text = '';
  caller.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  caller.resume();
  await second?.settled;
  await expect.poll(() => text.endsWith('x\nsecond\n')).toBe(true);
});

test('a caller that reads nothing is disconnected after a while, and nobody waits any more', async () => {
  const { lines, socket } = await connected(20);
  await fill(lines).settled;
  expect(socket.destroyed).toBe(true);
  expect(lines.line('more')).toBeNull();
});

test('a stream that gives up does not have the connection ended', async () => {
  const { lines, socket } = await connected(20);
  fill(lines).giveUp();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(socket.destroyed).toBe(false);
});
