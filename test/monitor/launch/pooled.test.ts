import { expect, test } from 'vitest';
import type { DriverPlan } from '../../../src/monitor/configuration/plan.ts';
import type { Launch, Launches } from '../../../src/monitor/launch/launches.ts';
import { createPooledLaunches } from '../../../src/monitor/launch/pooled.ts';

const PLAN = {
  ...{ name: 'tool', programFile: '/nowhere', secrets: [], wallMs: 60_000 },
  pool: { kind: 'persistent', max: 1, calls: 10, ageMs: 60_000, memoryBytes: null, madeOf: '' },
} as unknown as DriverPlan;
const CALL = { call: 1, session: 1 };

function play(isWanted: () => boolean) {
  const [ended, told]: [number[], number[]] = [[], []];
  let last = 0;
  const launches = {
    get last() {
      return last;
    },
    async start() {
      last += 1;
      const purpose = { kind: 'persistent' };
      return {
        number: last,
        profile: 'tool',
        purpose,
        served: null,
        plan: PLAN,
        ended: new Promise(() => undefined),
      };
    },
    end: (number: number) => void ended.push(number),
  } as unknown as Launches;
  const pooled = createPooledLaunches(launches, isWanted);
  return {
    ended,
    told,
    pooled,
    start: () => pooled.start(PLAN, ({ number }: Launch) => void told.push(number)),
  };
}

test('a persistent launch that a pause or a reload met while it started ends at once, and not after the time of a call', async () => {
  const { ended, told, start } = play(() => false);
  await start();
  expect([told, ended]).toEqual([[1], [1]]);
});

test('one that has calls may end them; it gets no further one', async () => {
  const { ended, told, pooled, start } = play(() => true);
  await start();
  expect(pooled.use(1, CALL, PLAN).kind).toBe('used');
  pooled.retireAll();
  expect([told, ended]).toEqual([[1], []]);
  expect(pooled.use(1, CALL, PLAN).kind).toBe('gone');
});
