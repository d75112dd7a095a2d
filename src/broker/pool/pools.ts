import type { JsonObject } from '../../shared/json-value.ts';
import type { Log } from '../../shared/log.ts';
import type { LaunchTurns } from '../admit/launch-turns.ts';
import type { Generation } from '../configuration/generation.ts';
import type { MonitorLink, PooledLaunch } from '../monitor-link.ts';
import { createPool, type Pool } from './pool.ts';

/** Stands for nobody's uid: starts before a call take turns with those of callers, as one more of them. */
export const NOBODYS_TURN = -1;

/** The pools of all drivers that have one. */
export interface Pools {
  /** Takes a configuration: pools come, change their size and go. */
  configure(generation: Generation): void;
  /** For a call that begins: a driver that stands ready, or null. */
  take(profile: string): PooledLaunch | null;
  /** Its call has no recorded intent: it did not serve it. */
  giveBack(profile: string, launch: PooledLaunch): void;
  callEnded(profile: string): void;
  /** Starts what is missing, after a pause. */
  fill(): void;
  /** Ends what stands ready. */
  stop(): void;
  /** Null: it has no pool. */
  status(profile: string): JsonObject | null;
}

export function createPools(services: {
  readonly monitor: Pick<MonitorLink, 'send' | 'prestart'>;
  readonly launchTurns: LaunchTurns;
  readonly log: Log;
  readonly mayStart: () => boolean;
}): Pools {
  const { monitor, launchTurns, log, mayStart } = services;
  const pools = new Map<string, Pool>();
  let generation = 0;

  return {
    configure(next) {
      generation = next.number;
      for (const [profile, pool] of pools) {
        if (next.pools.get(profile)?.kind === 'prestart') continue;
        pool.stop();
        pools.delete(profile);
      }
      for (const [profile, settings] of next.pools) {
        if (settings.kind !== 'prestart') continue;
        const known = pools.get(profile);
        if (known !== undefined) {
          known.resize(settings);
          continue;
        }
        const pool = createPool(settings, {
          mayStart,
          prestart: () =>
            launchTurns.during(
              NOBODYS_TURN,
              () => monitor.prestart({ profile, generation }),
              async () => undefined,
            ),
          end: (launch) => monitor.send({ type: 'end-launch', launch }),
          failed: (reason) => log.warn({ profile, reason }, 'a driver that was to stand ready does not'),
        });
        pools.set(profile, pool);
        pool.fill();
      }
    },
    take: (profile) => pools.get(profile)?.take() ?? null,
    giveBack(profile, launch) {
      const pool = pools.get(profile);
      if (pool === undefined) monitor.send({ type: 'end-launch', launch: launch.launch });
      else pool.giveBack(launch);
    },
    callEnded: (profile) => pools.get(profile)?.callEnded(),
    fill() {
      for (const pool of pools.values()) pool.fill();
    },
    stop() {
      for (const pool of pools.values()) pool.stop();
    },
    status: (profile) => pools.get(profile)?.status() ?? null,
  };
}
