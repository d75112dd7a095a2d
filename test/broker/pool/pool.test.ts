import { describe, expect, test, vi } from 'vitest';
import type { LaunchEnd, LaunchRefusal } from '../../../src/boundary/launch-words.ts';
import type { PooledLaunch } from '../../../src/broker/monitor-link.ts';
import { createPool, type Pool } from '../../../src/broker/pool/pool.ts';
import { patience } from '../../support/patience.ts';

interface Played {
  readonly pool: Pool;
  /** Answers what was asked for first. */
  answer(with_?: LaunchRefusal): Promise<void>;
  readonly asked: () => number;
  /** A launch that stood ready ends. */
  die(launch: number, end: LaunchEnd): Promise<void>;
  readonly ended: number[];
  readonly failures: string[];
  mayStart: boolean;
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function play(min: number, max: number): Played {
  const asked: ((ready: PooledLaunch | LaunchRefusal) => void)[] = [];
  const ends = new Map<number, (end: LaunchEnd) => void>();
  let last = 0;
  const played = { ended: [] as number[], failures: [] as string[], mayStart: true };
  const pool = createPool(
    { min, max },
    {
      prestart: () => new Promise((resolve) => asked.push(resolve)),
      end: (launch) => void played.ended.push(launch),
      mayStart: () => played.mayStart,
      failed: (why) => void played.failures.push(why),
    },
  );
  return Object.assign(played, {
    pool,
    asked: () => asked.length,
    async answer(with_?: LaunchRefusal) {
      last += 1;
      const launch = last;
      const ended = new Promise<{ type: 'launch-ended'; launch: number; end: LaunchEnd; status: number }>(
        (resolve) => ends.set(launch, (end) => resolve({ type: 'launch-ended', launch, end, status: 0 })),
      );
      asked.shift()?.(with_ ?? { launch, granted: new Promise(() => undefined), ended });
      await settled();
    },
    async die(launch: number, end: LaunchEnd) {
      ends.get(launch)?.(end);
      await settled();
    },
  });
}

describe('a pool', () => {
  test('is filled to its min, one after the other', async () => {
    const played = play(3, 8);
    played.pool.fill();
    for (let round = 1; round <= 3; round += 1) {
      expect(played.asked()).toBe(1);
      await played.answer();
    }
    expect(played.asked()).toBe(0);
    expect(played.pool.status()).toMatchObject({ ready: 3, wanted: 3 });
  });

  test('replaces what was taken some time after the call has ended, and at once where none is left', async () => {
    const played = play(2, 2);
    played.pool.fill();
    await played.answer();
    await played.answer();
    expect(played.pool.take()?.launch).toBe(1);
    expect(played.asked()).toBe(0);
    played.pool.callEnded();
    // Who waits for the reply of that call comes first.
    expect(played.asked()).toBe(0);
    await vi.waitFor(() => expect(played.asked()).toBe(1), 5_000 * patience);
    await played.answer();
    played.pool.take();
    played.pool.take();
    expect(played.asked()).toBe(1);
    expect(played.pool.take()).toBeNull();
  });

  test('grows with the calls at once, to its max and no further', async () => {
    const played = play(0, 3);
    played.pool.fill();
    expect(played.asked()).toBe(0);
    for (let call = 0; call < 7; call += 1) expect(played.pool.take()).toBeNull();
    for (let call = 0; call < 7; call += 1) played.pool.callEnded();
    while (played.asked() > 0) await played.answer();
    expect(played.pool.status()).toMatchObject({ ready: 3, wanted: 3 });
  });

  test('asks ever more seldom where drivers end by themselves, and says why', async () => {
    const played = play(1, 1);
    played.pool.fill();
    await played.answer();
    await played.die(1, 'exit');
    expect(played.failures).toEqual(['exit']);
    expect(played.pool.status()).toMatchObject({ ready: 0, failures: 1 });
    expect(played.asked()).toBe(0);
    played.pool.stop();
  });

  test('replaces at once what the monitor retired', async () => {
    const played = play(1, 1);
    played.pool.fill();
    await played.answer();
    await played.die(1, 'retired');
    expect([played.failures, played.asked()]).toEqual([[], 1]);
  });

  test('waits for news where the daemon is paused, and starts nothing while it may not', async () => {
    const played = play(1, 1);
    played.pool.fill();
    await played.answer('paused');
    expect([played.failures, played.asked()]).toEqual([[], 0]);
    played.mayStart = false;
    played.pool.fill();
    expect(played.asked()).toBe(0);
    played.mayStart = true;
    played.pool.fill();
    expect(played.asked()).toBe(1);
  });

  test('ends what is too much, and all of it when it stops, also what still comes', async () => {
    const played = play(3, 3);
    played.pool.fill();
    for (let round = 0; round < 3; round += 1) await played.answer();
    played.pool.resize({ min: 1, max: 2 });
    expect(played.ended).toEqual([1, 2]);
    played.pool.resize({ min: 2, max: 2 });
    expect(played.asked()).toBe(1);
    played.pool.stop();
    await played.answer();
    expect(played.ended).toEqual([1, 2, 3, 4]);
  });

  test('has a launch again that its call could not use, so that callers who go away early do not empty it', async () => {
    const played = play(1, 1);
    played.pool.fill();
    await played.answer();
    const taken = played.pool.take();
    if (taken === null) throw new Error('Cannot take a launch: none stands ready');
    played.pool.giveBack(taken);
    played.pool.callEnded();
    expect(played.pool.status()).toMatchObject({ ready: 1 });
    expect(played.pool.take()).toBe(taken);
    await played.die(taken.launch, 'retired');
    played.pool.giveBack(taken);
    expect(played.pool.status()).toMatchObject({ ready: 0 });
    played.pool.stop();
  });

  test('ends what comes back after it was stopped', async () => {
    const played = play(1, 1);
    played.pool.fill();
    await played.answer();
    const taken = played.pool.take();
    played.pool.stop();
    if (taken !== null) played.pool.giveBack(taken);
    expect(played.ended).toEqual([1]);
  });

  test('counts failures in a row: one that stood until it was wanted ends the row', async () => {
    const played = play(1, 1);
    played.pool.fill();
    await played.answer();
    await played.die(1, 'exit');
    expect(played.pool.status()).toMatchObject({ failures: 1 });
    await expect.poll(played.asked, { timeout: 5_000 * patience }).toBe(1);
    await played.answer();
    played.pool.take();
    expect(played.pool.status()).toMatchObject({ failures: 0, retry_in_ms: 0 });
    played.pool.stop();
  });
});
