import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { type Channel, openChannel } from '../../src/boundary/channel.ts';
import { count } from '../../src/boundary/shape.ts';

const TABLE = { say: { number: count } } as const;
interface Say {
  readonly type: 'say';
  readonly number: number;
}

interface End {
  readonly channel: Channel<Say>;
  readonly heard: number[];
  /** How many messages came in each turn of the loop that brought any. */
  readonly turns: number[];
  readonly broken: string[];
  /** Called when so many messages have come as MIDST says. */
  whenHeard(): void;
}

function openEnd(socket: Socket): End {
  const end = { whenHeard: () => undefined } as Pick<End, 'whenHeard'> & Partial<End>;
  const [heard, turns, broken]: [number[], number[], string[]] = [[], [], []];
  let isCounted = false;
  const channel = openChannel<typeof TABLE, Say>({
    ...{ socket, incoming: TABLE, maximumFrameBytes: 1_000, maximumQueuedBytes: 8_388_608 },
    onMessage({ number }) {
      heard.push(number);
      if (heard.length === MIDST) end.whenHeard();
      if (!isCounted) {
        turns.push(0);
        setImmediate(() => {
          isCounted = false;
        });
      }
      isCounted = true;
      turns[turns.length - 1] = (turns.at(-1) ?? 0) + 1;
    },
    onBroken: (why) => broken.push(why),
  });
  onTestFinished(() => channel.close());
  return Object.assign(end, { channel, heard, turns, broken });
}

async function openPair(): Promise<readonly [End, End]> {
  const folder = mkdtempSync(join(tmpdir(), 'driverd-channel-'));
  const server = createServer().listen(join(folder, 'socket'));
  onTestFinished(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const one = connect(join(folder, 'socket'));
  const [other] = await accepted;
  return [openEnd(one), openEnd(other)];
}

const SOON = { timeout: 15_000 };
/** A read of the socket brings far more. */
const MIDST = 40;
const NUMBERS = Array.from({ length: 5_000 }, (_, number) => number);

test('messages of one turn arrive in order, and no turn takes very many of them', async () => {
  const [one, other] = await openPair();
  for (const number of NUMBERS) one.channel.send({ type: 'say', number });
  await expect.poll(() => other.heard.length, SOON).toBe(NUMBERS.length);
  expect(other.heard).toEqual(NUMBERS);
  expect(Math.max(...other.turns)).toBeLessThanOrEqual(64);
});

test('what is paused in the midst of many messages goes on where it was', async () => {
  const [one, other] = await openPair();
  other.whenHeard = () => other.channel.pause();
  for (const number of NUMBERS) one.channel.send({ type: 'say', number });
  await expect.poll(() => other.heard.length, SOON).toBeGreaterThanOrEqual(MIDST);
  for (let turns = 0; turns < 1_000; turns += 1) await turn();
  const held = other.heard.length;
  expect(held).toBeLessThan(NUMBERS.length);
  other.channel.resume();
  await expect.poll(() => other.heard.length, SOON).toBe(NUMBERS.length);
  expect(other.heard).toEqual(NUMBERS);
});

test('nothing more is heard once it is closed in the midst of many messages', async () => {
  const [one, other] = await openPair();
  other.whenHeard = () => other.channel.close();
  for (const number of NUMBERS) one.channel.send({ type: 'say', number });
  await expect.poll(() => other.heard.length, SOON).toBeGreaterThanOrEqual(MIDST);
  for (let turns = 0; turns < 1_000; turns += 1) await turn();
  expect(other.heard).toHaveLength(MIDST);
});

test('who does not read is told apart by what waits for it, small messages too (O13)', async () => {
  const [one, other] = await openPair();
  other.channel.pause();
  for (let sent = 0; sent < 100 && one.broken.length === 0; sent += 1) {
    for (const number of NUMBERS) one.channel.send({ type: 'say', number });
    await turn();
  }
  expect(one.broken).toEqual(['it does not read what it is sent']);
});

test('what leaves last follows what other channels send in the same turn, however late in it', async () => {
  const written: string[] = [];
  function openNamed(name: string, leavesLast: boolean): Channel<Say> {
    const socket = new Socket();
    socket.write = (): boolean => written.push(name) > 0;
    const channel = openChannel<typeof TABLE, Say>({
      ...{ socket, incoming: TABLE, maximumFrameBytes: 1_000, maximumQueuedBytes: 8_388_608, leavesLast },
      onMessage: () => undefined,
      onBroken: () => undefined,
    });
    onTestFinished(() => channel.close());
    return channel;
  }
  const [last, first] = [openNamed('last', true), openNamed('first', false)];
  last.send({ type: 'say', number: 1 });
  for (let microtask = 0; microtask < 20; microtask += 1) await Promise.resolve();
  first.send({ type: 'say', number: 2 });
  await turn();
  expect(written).toEqual(['first', 'last']);
});
