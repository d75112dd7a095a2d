import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLaunchTurns } from '../../../src/broker/admit/launch-turns.ts';

const [FLOODER, OTHER] = [1, 2];
/** Longer than any turn, and than an identity counts as calling. */
const LATER_MS = 1_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Drivers by name, in the order in which their start began; they start, and end, when told. */
function drivers(places: number) {
  const turns = createLaunchTurns(places, () => Date.now());
  const begun: string[] = [];
  const starts = new Map<string, () => void>();
  const ends = new Map<string, () => void>();
  const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);
  return {
    begun,
    settle,
    later: () => vi.advanceTimersByTimeAsync(LATER_MS),
    ask(uid: number, ...names: string[]): Promise<unknown> {
      for (const name of names)
        void turns.during(
          uid,
          async () => {
            begun.push(name);
            await new Promise<void>((resolve) => starts.set(name, resolve));
          },
          () => new Promise<void>((resolve) => ends.set(name, resolve)),
        );
      return settle();
    },
    started(name: string): Promise<unknown> {
      starts.get(name)?.();
      return settle();
    },
    ended(name: string): Promise<unknown> {
      ends.get(name)?.();
      return settle();
    },
  };
}

describe('an identity that calls alone', () => {
  test('starts as many drivers at once as there are places', async () => {
    const { ask, started, begun } = drivers(2);
    await ask(FLOODER, 'a1', 'a2', 'a3', 'a4');
    expect(begun).toEqual(['a1', 'a2']);
    await started('a2');
    expect(begun).toEqual(['a1', 'a2', 'a3']);
  });

  test('starts the next one as soon as one has started, whatever that one does', async () => {
    const { ask, started, begun } = drivers(1);
    await ask(FLOODER, 'a1', 'a2', 'a3');
    await started('a1');
    await started('a2');
    expect(begun).toEqual(['a1', 'a2', 'a3']);
  });
});

describe('identities that call beside each other', () => {
  test('take turns, however many of one wait', async () => {
    const { ask, started, ended, begun } = drivers(1);
    await ask(FLOODER, 'a1', 'a2', 'a3', 'a4');
    await ask(OTHER, 'b1', 'b2');
    for (const name of ['a1', 'b1', 'a2', 'b2', 'a3', 'a4']) {
      await started(name);
      await ended(name);
    }
    expect(begun).toEqual(['a1', 'b1', 'a2', 'b2', 'a3', 'a4']);
  });

  test('have one turn each where there are no more places, and it lasts until the driver has ended', async () => {
    const { ask, started, ended, begun } = drivers(2);
    await ask(OTHER, 'b1');
    await ask(FLOODER, 'a1', 'a2', 'a3');
    await started('a1');
    expect(begun).toEqual(['b1', 'a1']);
    await ended('a1');
    expect(begun).toEqual(['b1', 'a1', 'a2']);
  });

  test('share the places evenly', async () => {
    const { ask, begun } = drivers(8);
    await ask(OTHER, 'b1');
    await ask(FLOODER, 'a1', 'a2', 'a3', 'a4', 'a5', 'a6');
    expect(begun).toEqual(['b1', 'a1', 'a2', 'a3', 'a4']);
  });

  test('have a driver that goes on count no more after a while: slow drivers are not started one by one', async () => {
    const { ask, started, later, begun } = drivers(2);
    await ask(OTHER, 'b1');
    await ask(FLOODER, 'a1', 'a2');
    await started('a1');
    await later();
    expect(begun).toEqual(['b1', 'a1', 'a2']);
  });

  test('are beside each other still between two calls of one, and no more when it has stopped calling', async () => {
    const { ask, started, ended, later, begun } = drivers(2);
    await ask(OTHER, 'b1');
    await ask(FLOODER, 'a1', 'a2', 'a3');
    await started('b1');
    await ended('b1');
    expect(begun).toEqual(['b1', 'a1']);
    await later();
    await started('a1');
    expect(begun).toEqual(['b1', 'a1', 'a2', 'a3']);
  });
});

test('a start that fails gives its turn on', async () => {
  const turns = createLaunchTurns(1);
  const ended = (): Promise<void> => Promise.resolve();
  await expect(turns.during(OTHER, () => Promise.reject(new Error('refused')), ended)).rejects.toThrow(
    'refused',
  );
  expect(await turns.during(FLOODER, () => Promise.resolve('started'), ended)).toBe('started');
});
