import type { JsonObject } from '../../shared/json-value.ts';
import type { Log } from '../../shared/log.ts';
import type { LaunchTurns } from '../admit/launch-turns.ts';
import type { Generation } from '../configuration/generation.ts';
import type { EarlyEnd } from '../connection/early-end.ts';
import type { DriverLogs } from '../logs/driver-logs.ts';
import type { LaunchGrant, MonitorLink } from '../monitor-link.ts';
import { NOBODYS_TURN } from '../pool/pools.ts';
import type { KeptIndexes } from '../scrub/kept-indexes.ts';
import { createPersistentDriver, type PersistentDriver, type Placed } from './driver.ts';
import { type HeardStderr, hearStderr } from './hear-stderr.ts';
import { openProcess, type PersistentProcess, STRAY_OUTPUT } from './process.ts';

/** All persistent drivers. */
export interface PersistentDrivers {
  /** Takes a configuration: drivers come, change their numbers and go. */
  configure(generation: Generation): void;
  /** Null: the profile is not persistent. */
  place(profile: string, early: EarlyEnd): Placed | Promise<Placed> | null;
  /** Milliseconds until a driver that is not there is tried again; null: it is there, or starts. */
  unavailable(profile: string): number | null;
  stale(launch: number): void;
  fill(): void;
  stop(): void;
  status(profile: string): JsonObject | null;
}

export function createPersistentDrivers(services: {
  readonly monitor: Pick<MonitorLink, 'send' | 'startPersistent'>;
  readonly launchTurns: LaunchTurns;
  readonly log: Log;
  readonly driverLogs: DriverLogs;
  readonly indexes: KeptIndexes;
  readonly mayStart: () => boolean;
}): PersistentDrivers {
  const { monitor, launchTurns, log, mayStart } = services;
  const drivers = new Map<string, PersistentDriver>();
  /** Of each process that lives, also of one that ends with its last calls. */
  const heard = new Set<HeardStderr>();
  let current: Generation | undefined;

  function open(profile: string, generation: Generation, grant: LaunchGrant): PersistentProcess {
    const { limits } = generation.settings;
    const stderr = hearStderr(profile, grant, generation, services);
    const settings = generation.pools.get(profile);
    const opened = openProcess(
      grant,
      {
        outputBytes: settings?.kind === 'persistent' ? settings.outputBytes : 0,
        ...{ depth: limits.nesting_depth, keys: limits.keys },
      },
      () => monitor.send({ type: 'end-launch', launch: grant.launch }),
      stderr.take,
    );
    heard.add(stderr);
    void opened.ended.then(({ fault }) => {
      heard.delete(stderr);
      return stderr.end(fault === STRAY_OUTPUT);
    });
    return opened;
  }

  function create(profile: string): PersistentDriver | undefined {
    const settings = current?.pools.get(profile);
    if (settings?.kind !== 'persistent') return undefined;
    /** As it was when the launch was asked for. */
    let asked = current;
    return createPersistentDriver(settings, {
      mayStart,
      start: () =>
        launchTurns.during(
          NOBODYS_TURN,
          () => {
            asked = current;
            return monitor.startPersistent({ profile, generation: current?.number ?? 0 });
          },
          // It does not end soon, and its turn is over when it has started.
          async () => undefined,
        ),
      open(grant) {
        if (asked === undefined) throw new Error('Cannot open a driver: there is no configuration');
        return open(profile, asked, grant);
      },
      failed: (reason) => log.warn({ profile, reason }, 'a persistent driver did not start, or ended'),
    });
  }

  return {
    configure(next) {
      current = next;
      for (const stderr of heard) stderr.configure(next);
      for (const [profile, driver] of drivers) {
        if (next.pools.get(profile)?.kind === 'persistent') continue;
        driver.stop();
        drivers.delete(profile);
      }
      for (const [profile, settings] of next.pools) {
        if (settings.kind !== 'persistent') continue;
        const known = drivers.get(profile);
        if (known !== undefined) {
          known.configure(settings);
          continue;
        }
        const driver = create(profile);
        if (driver === undefined) continue;
        drivers.set(profile, driver);
        driver.fill();
      }
    },
    place: (profile, early) => drivers.get(profile)?.place(early) ?? null,
    unavailable: (profile) => drivers.get(profile)?.unavailable() ?? null,
    stale(launch) {
      for (const driver of drivers.values()) driver.stale(launch);
    },
    fill() {
      for (const driver of drivers.values()) driver.fill();
    },
    stop() {
      for (const driver of drivers.values()) driver.stop();
    },
    status: (profile) => drivers.get(profile)?.status() ?? null,
  };
}
