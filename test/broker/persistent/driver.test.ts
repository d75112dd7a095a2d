import { describe, expect, test, vi } from 'vitest';
import { createEarlyEnd } from '../../../src/broker/connection/early-end.ts';
import { createPersistentDriver, type Placed } from '../../../src/broker/persistent/driver.ts';
import type { PersistentProcess, ProcessEnd } from '../../../src/broker/persistent/process.ts';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const SETTINGS = {
  kind: 'persistent',
  processes: 1,
  maxConcurrency: 4,
  recycleCalls: 2,
  outputBytes: 1,
} as const;

function play(settings: typeof SETTINGS = SETTINGS) {
  const started: { isOver: boolean; hasServed: boolean; end(end: ProcessEnd): void }[] = [];
  const driver = createPersistentDriver(settings, {
    mayStart: () => true,
    start: async () => ({ launch: started.length + 1 }) as never,
    open({ launch }) {
      const { promise: ended, resolve: end } = Promise.withResolvers<ProcessEnd>();
      const played = { isOver: false, hasServed: false, end };
      started.push(played);
      const kill = (fault: string | null): void => end({ end: 'asked', status: 137, fault });
      const ready = Promise.resolve(true);
      return Object.assign(played, { launch, ready, ended, kill }) as unknown as PersistentProcess;
    },
    failed: () => undefined,
  });
  return { driver, started, place: () => driver.place(createEarlyEnd()) };
}

function placeIn(placed: Placed) {
  if (placed.kind !== 'placed') throw new Error(`Cannot have a place: ${placed.kind}`);
  return placed.place;
}

describe('a persistent driver', () => {
  test('gives no call to a process that is being ended; it waits for the next', async () => {
    const { driver, started, place } = play();
    driver.fill();
    await settled();
    const [first] = started;
    if (first === undefined) throw new Error('Cannot find the process: none was started');
    first.isOver = true;
    const placed = place();
    await settled();
    first.end({ end: 'asked', status: 137, fault: 'response' });
    expect(placeIn(await placed).process.launch).toBe(2);
  });

  test('counts the calls of a process as the monitor does: those that have a recorded intent', async () => {
    const { driver, place } = play();
    driver.fill();
    await settled();
    const unrecorded = placeIn(await place());
    unrecorded.unused();
    unrecorded.leave();
    placeIn(await place());
    // Were the first one counted, this one would wait for a process that the monitor does not allow yet.
    expect(placeIn(await place()).process.launch).toBe(1);
    const waits = place();
    driver.stale(1);
    expect(placeIn(await waits).process.launch).toBe(2);
  });

  test('that was well for long is not unavailable while its process is replaced', async () => {
    const clock = vi.spyOn(performance, 'now');
    try {
      const { driver, started, place } = play();
      driver.fill();
      let now = performance.now();
      clock.mockImplementation(() => now);
      for (let failure = 1; failure <= 3; failure += 1) {
        await settled();
        started.at(-1)?.end({ end: 'exit', status: 1, fault: null });
        await settled();
        expect(driver.status()['failures']).toBe(failure);
        now += 1_000;
        driver.fill();
      }
      await settled();
      placeIn(await place());
      now += 60_000;
      driver.stale(started.length);
      expect(driver.unavailable()).toBeNull();
    } finally {
      clock.mockRestore();
    }
  });

  test('is not given up for a call that ends its process, as long as others are answered', async () => {
    const clock = vi.spyOn(performance, 'now');
    try {
      const { driver, started } = play();
      driver.fill();
      let now = performance.now();
      clock.mockImplementation(() => now);
      for (let round = 1; round <= 5; round += 1) {
        await settled();
        const process = started.at(-1);
        if (process !== undefined) process.hasServed = true;
        process?.end({ end: 'asked', status: 137, fault: 'cancel-unanswered' });
        await settled();
        expect(driver.status()['failures']).toBe(1);
        now += 1_000;
        driver.fill();
      }
      driver.stop();
    } finally {
      clock.mockRestore();
    }
  });
});
