import { expect, test } from 'vitest';
import type { Admitted } from '../../../src/broker/call.ts';
import type { PooledLaunch, Recorded } from '../../../src/broker/monitor-link.ts';
import { begin } from '../../../src/broker/pool/begin.ts';
import type { Services } from '../../../src/broker/services.ts';

const READY = { launch: 7, granted: new Promise(() => undefined) } as unknown as PooledLaunch;

/** What this stage reads of a call. */
function admitted(mode: 'prestart' | 'persistent'): Admitted {
  return {
    ...{
      call: 1,
      requestId: '',
      policies: [],
      params: {},
      paramsSha256: null,
      request: { method: 'echo.say' },
    },
    ...{ session: { number: 1 }, metadata: {}, early: { why: null } },
    generation: { number: 1, pools: new Map([['echo', { kind: mode }]]) },
    target: { kind: 'driver', method: { profile: 'echo', paramsOnRecord: 'none', destructive: false } },
  } as unknown as Admitted;
}

function play(answers: readonly (Recorded | Promise<Recorded>)[], ready = READY) {
  const left = [...answers];
  const launches: unknown[] = [];
  const back: unknown[] = [];
  let placed = 0;
  const services = {
    scrubber: () => ({}),
    monitor: {
      record: async (make: (serial: number) => { readonly launch: number | null }) => {
        launches.push(make(1).launch);
        return left.shift();
      },
    },
    pools: {
      take: () => ready,
      giveBack: (profile: string, launch: unknown) => void back.push(profile, launch),
    },
    persistent: {
      place() {
        placed += 1;
        return Promise.resolve({ kind: 'unavailable', retryAfterMs: 1 });
      },
    },
  } as unknown as Services;
  return { services, launches, back, placed: () => placed };
}

test.each<Recorded>(['peer-gone', 'too-many-calls', 'paused', 'stale-generation'])(
  'a launch whose call is refused its intent (%s) stands ready again',
  async (refused) => {
    const played = play([refused]);
    expect(await begin(admitted('prestart'), played.services)).toMatchObject({ source: { kind: 'ready' } });
    expect(played.back).toEqual(['echo', READY]);
  },
);

test('one that the monitor has used, or that has ended, does not come back', async () => {
  for (const answers of [['recorded'], ['audit-unavailable'], ['launch-gone', 'recorded']] as const) {
    const played = play(answers);
    await begin(admitted('prestart'), played.services);
    expect(played.back).toEqual([]);
  }
});

test('a call goes on with the driver that it was handed, also where the word of its record comes later (invariant 11)', async () => {
  const handedOver = { launch: 7, granted: Promise.resolve({ launch: 7 }) } as unknown as PooledLaunch;
  const played = play([new Promise(() => undefined)], handedOver);
  const begun = await begin(admitted('prestart'), played.services);
  expect('stage' in begun ? null : await begun.source.intent).toBe('recorded');
  expect(played.back).toEqual([]);
});

test('a driver that ended before it was handed over leaves the word to the record (invariant 11)', async () => {
  const ended = { launch: 7, granted: Promise.resolve('sandbox-failed') } as unknown as PooledLaunch;
  const refused = play([Promise.resolve('audit-unavailable')], ended);
  const begun = await begin(admitted('prestart'), refused.services);
  expect('stage' in begun ? null : await begun.source.intent).toBe('audit-unavailable');
});

test('a call that began when its driver was not persistent is given no place in a process that others share', async () => {
  const played = play(['recorded']);
  const begun = await begin(admitted('prestart'), played.services);
  expect([begun, played.placed()]).toMatchObject([{ source: { kind: 'ready' } }, 0]);
  await begin(admitted('persistent'), played.services);
  expect(played.placed()).toBe(1);
});
