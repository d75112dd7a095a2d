import { expect, test } from 'vitest';
import { createLaunching } from '../../../src/monitor/broker/launching.ts';
import type { Launch } from '../../../src/monitor/launch/launches.ts';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test.each([
  ['ended while its hand-over waited', true],
  ['could not even wait for its hand-over', false],
])(
  'of a launch that %s the broker is told both: its call and its pool wait for nothing',
  async (_what, passed) => {
    const sent: { readonly type: string }[] = [];
    const closed: number[] = [];
    const { promise: ended, resolve: end } = Promise.withResolvers<{ end: 'exit'; status: number }>();
    const launch = {
      ...{ number: 7, profile: 'tool', served: { call: 1, session: 1 }, secrets: [], ended, isolation: {} },
      ...{
        purpose: { kind: 'pool' },
        brokerEnds: [1, 2, 3].map((number) => ({ close: () => void closed.push(number) })),
      },
    } as unknown as Launch;
    const settings = { limits: { launches: 8, launches_per_second: 8 } };
    const generation = { settings, drivers: new Map([['tool', {}]]), broker: { sandbox: { uid: 0 } } };
    const targets = {
      link: {
        send: (message: { readonly type: string }) => void sent.push(message),
        // More waits before it than the broker has taken.
        pass: () => passed,
        withdraw: () => true,
      },
      log: { state: 'writing' },
      refusals: { admit: () => 'counted' },
      sessions: { get: () => undefined },
      launches: { alive: 0, end: () => undefined },
      pooled: { start: async () => launch },
      ...{
        generation: () => generation,
        current: () => generation,
        isPaused: () => false,
        isDraining: () => false,
      },
    } as unknown as Parameters<typeof createLaunching>[0];
    const launching = createLaunching(targets);
    launching.prestart({ type: 'prestart', request: 3, profile: 'tool', generation: 1 });
    await settled();
    launching.handOver(launch);
    end({ end: 'exit', status: 1 });
    await settled();
    expect(sent.map(({ type }) => type)).toEqual(['prestarted', 'launch-refused', 'launch-ended']);
    expect(closed.length).toBeGreaterThanOrEqual(3);
  },
);
