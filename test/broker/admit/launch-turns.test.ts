import { expect, test } from 'vitest';
import { createLaunchTurns } from '../../../src/broker/admit/launch-turns.ts';

test('no more start at once than there are places, and identities take turns', async () => {
  const turns = createLaunchTurns(2);
  const begun: string[] = [];
  const finish: (() => void)[] = [];
  const start = (uid: number, name: string): Promise<string> =>
    turns.during(uid, async () => {
      begun.push(name);
      await new Promise<void>((resolve) => finish.push(resolve));
      return name;
    });
  const all = [1, 2, 3, 4].map((number) => start(1, `a${number}`));
  const other = start(2, 'b1');
  for (let round = 0; round < 5; round += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    expect(finish.length).toBeLessThanOrEqual(2);
    finish.shift()?.();
  }
  expect(await Promise.all([...all, other])).toEqual(['a1', 'a2', 'a3', 'a4', 'b1']);
  expect(begun).toEqual(['a1', 'a2', 'a3', 'b1', 'a4']);
});

test('a start that fails gives its turn on', async () => {
  const turns = createLaunchTurns(1);
  await expect(turns.during(1, () => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  expect(await turns.during(1, () => Promise.resolve('started'))).toBe('started');
});
