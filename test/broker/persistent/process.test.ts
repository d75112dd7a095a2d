import { readSync, writeSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import type { LaunchEnded } from '../../../src/broker/monitor-link.ts';
import {
  openProcess,
  type PersistentProcess,
  type ProcessEnd,
} from '../../../src/broker/persistent/process.ts';
import { makePipe } from '../../../src/posix/pipes.ts';
import { patience } from '../../support/patience.ts';

const SOON = { timeout: 5_000 * patience };
const LIMITS = { outputBytes: 4_096, depth: 16, keys: 100 };

/** A process whose other side is the test. */
interface Played {
  readonly process: PersistentProcess;
  /** What it was given so far. */
  given(): string;
  says(line: object | string): void;
  complains(text: string): void;
  /** Its sandbox is dead. */
  die(): Promise<ProcessEnd>;
  /** How often the monitor was asked to end it. */
  readonly kills: number;
}

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

function play(): Played {
  const [input, output, errors] = [makePipe(), makePipe(), makePipe()];
  const { promise: ended, resolve: end } = Promise.withResolvers<LaunchEnded>();
  let kills = 0;
  const process = openProcess(
    {
      ...{ launch: 7, isolation: {} as never, secrets: [], ended },
      ...{ stdin: input.write.release(), stdout: output.read.release(), stderr: errors.read.release() },
    },
    LIMITS,
    () => {
      kills += 1;
    },
    () => undefined,
  );
  function die(): Promise<ProcessEnd> {
    for (const side of [input.read, output.write, errors.write]) side.close();
    end({ type: 'launch-ended', launch: 7, end: 'exit', status: 1 });
    return process.ended;
  }
  closing.push(() => void die());
  return {
    process,
    given() {
      const bytes = Buffer.alloc(65_536);
      return bytes.subarray(0, readSync(input.read.number, bytes)).toString();
    },
    says: (line) =>
      void writeSync(output.write.number, `${typeof line === 'string' ? line : JSON.stringify(line)}\n`),
    complains: (text) => void writeSync(errors.write.number, text),
    die,
    get kills() {
      return kills;
    },
  };
}

const hearing = {
  response: () => undefined,
  notification: () => undefined,
  lost: () => undefined,
};
/** What was written before has been read. */
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));
const PONG = { jsonrpc: '2.0', id: 1, result: null };

describe('a persistent process', () => {
  test('that ended while the intent of a call was written loses that call, and does not keep it for ever', async () => {
    const played = play();
    played.says(PONG);
    expect(await played.process.ready).toBe(true);
    await played.die();
    const lost = new Promise<ProcessEnd>((resolve) => {
      played.process.request('say', {}, {}, { ...hearing, lost: resolve });
    });
    expect(await lost).toMatchObject({ end: 'exit', status: 1 });
    expect([played.process.pending, played.process.isOver]).toEqual([0, true]);
  });

  test('has served when it has answered a call: that it is there is not enough', async () => {
    const played = play();
    played.says(PONG);
    expect(await played.process.ready).toBe(true);
    expect(played.process.hasServed).toBe(false);
    const answered = new Promise<void>((resolve) => {
      played.process.request('say', {}, {}, { ...hearing, response: () => resolve() });
    });
    played.says({ jsonrpc: '2.0', id: 2, result: null });
    await answered;
    expect(played.process.hasServed).toBe(true);
  });

  test('that is being ended shows it at once, before it is dead', async () => {
    const played = play();
    played.says(PONG);
    expect(await played.process.ready).toBe(true);
    expect(played.process.isOver).toBe(false);
    played.says({ jsonrpc: '2.0', id: 99, result: null });
    await expect.poll(() => played.process.isOver, SOON).toBe(true);
    expect(played.kills).toBe(1);
    expect(await played.die()).toMatchObject({ fault: 'response' });
  });

  test('may say much for a call, and little that is of none: what names no call and stderr end it at the limit of output (L15)', async () => {
    for (const flood of [
      (played: Played) => played.says({ jsonrpc: '2.0', method: 'log', params: { text: 'x'.repeat(900) } }),
      (played: Played) => played.complains('x'.repeat(900)),
    ]) {
      const played = play();
      played.says(PONG);
      expect(await played.process.ready).toBe(true);
      for (let answers = 0; answers < 3; answers += 1) {
        const answered = new Promise<void>((resolve) => {
          played.process.request('say', {}, {}, { ...hearing, response: () => resolve() });
        });
        for (let times = 0; times < 4; times += 1) flood(played);
        await settle();
        played.says({ jsonrpc: '2.0', id: 2 + answers, result: null });
        await answered;
      }
      expect(played.kills).toBe(0);
      for (let times = 0; times < 5; times += 1) flood(played);
      await expect.poll(() => played.kills, SOON).toBe(1);
      expect(await played.die()).toMatchObject({ fault: 'stray-output' });
    }
  });
});
