import type { LaunchEnd, LaunchRefusal } from '../../boundary/launch-words.ts';
import type { JsonObject } from '../../shared/json-value.ts';
import type { PooledLaunch } from '../monitor-link.ts';
import { createBackOff } from './back-off.ts';
import { createDemand, DEMAND_WINDOW_MS } from './demand.ts';

/** A driver that is started again at once, since its end says nothing against it. */
const ENDS_WELL: readonly LaunchEnd[] = ['retired', 'asked', 'broker-ended', 'stopping'];
/** Asking again does no good until the monitor says that something changed. */
const WAIT_FOR_NEWS: readonly LaunchRefusal[] = ['paused', 'draining', 'stale-generation', 'unknown-profile'];

/** How many stand ready, at least and at most. */
export interface PoolSize {
  readonly min: number;
  readonly max: number;
}

/**
 * So long after a call what replaces its driver is started, in milliseconds: a start takes processor time that the reply, on its
 * way through three processes, and whoever waits for it would have.
 */
const REPLACED_AFTER_MS = 5;

/** What a broker before this one had is not dead yet: so often it is tried, in milliseconds. */
const FULL_AGAIN_MS = 100;

export interface PoolMeans {
  /** Asks the monitor for one. */
  prestart(): Promise<PooledLaunch | LaunchRefusal>;
  /** Asks the monitor to end one. */
  end(launch: number): void;
  /** False while nothing may be started. */
  mayStart(): boolean;
  /** Told why one could not be started, or ended before it had a call. */
  failed(why: LaunchRefusal | LaunchEnd): void;
}

/** Drivers of one profile that stand ready, each for one call. */
export interface Pool {
  /** For a call that begins: the one that has waited longest, or null where none stands ready. */
  take(): PooledLaunch | null;
  /** What was taken and did not become its call's, since that has no recorded intent, stands ready again. */
  giveBack(launch: PooledLaunch): void;
  /** A call of this profile has ended, whether it had one or not. */
  callEnded(): void;
  resize(size: PoolSize): void;
  /** Starts what is missing, where something may be started again. */
  fill(): void;
  /** Ends what stands ready; nothing is started any more. */
  stop(): void;
  status(): JsonObject;
}

export function createPool(first: PoolSize, { prestart, end, mayStart, failed }: PoolMeans): Pool {
  const ready: PooledLaunch[] = [];
  /** Taken and alive: at most as many as there are calls. */
  const taken = new Set<PooledLaunch>();
  const demand = createDemand();
  const backOff = createBackOff();
  let size = first;
  let isStarting = false;
  let isStopped = false;
  let again: NodeJS.Timeout | undefined;
  let shrinking: NodeJS.Timeout | undefined;
  let replacing: NodeJS.Timeout | undefined;

  const wanted = (): number => Math.min(size.max, Math.max(size.min, demand.peak));

  /** One at a time: a start takes processor time that calls would have. */
  function fill(): void {
    if (isStopped || isStarting || ready.length >= wanted() || !mayStart()) return;
    if (backOff.waitMs > 0) return fillLater(backOff.waitMs);
    isStarting = true;
    void prestart().then((started) => {
      isStarting = false;
      if (typeof started === 'string') {
        if (WAIT_FOR_NEWS.includes(started)) return;
        if (started === 'pool-full') return fillLater(FULL_AGAIN_MS);
        failed(started);
        backOff.failed();
      } else stand(started);
      fill();
    });
  }

  function fillLater(ms: number): void {
    again ??= setTimeout(() => {
      again = undefined;
      fill();
    }, ms).unref();
  }

  function stand(launch: PooledLaunch): void {
    if (isStopped) return end(launch.launch);
    ready.push(launch);
    void launch.ended.then(({ end: how }) => {
      taken.delete(launch);
      const index = ready.indexOf(launch);
      if (index < 0) return;
      ready.splice(index, 1);
      if (!ENDS_WELL.includes(how)) {
        failed(how);
        backOff.failed();
      }
      fill();
    });
    shrinkLater();
  }

  function shrinkLater(): void {
    if (ready.length <= size.min) return;
    shrinking ??= setTimeout(() => {
      shrinking = undefined;
      shrink();
      shrinkLater();
    }, DEMAND_WINDOW_MS).unref();
  }

  function shrink(): void {
    for (const { launch } of ready.splice(0, Math.max(0, ready.length - wanted()))) end(launch);
  }

  return {
    take() {
      demand.began();
      const launch = ready.shift() ?? null;
      if (launch !== null) {
        taken.add(launch);
        // It stood until it was wanted.
        backOff.succeeded();
      }
      // What replaces it starts when its call is over, so as not to be in its way; unless the next would find none.
      if (ready.length === 0) fill();
      return launch;
    },
    giveBack(launch) {
      if (!taken.delete(launch)) return;
      if (isStopped) return end(launch.launch);
      ready.unshift(launch);
      shrinkLater();
    },
    callEnded() {
      demand.ended();
      // The next call would find none.
      if (ready.length === 0) return fill();
      replacing ??= setTimeout(() => {
        replacing = undefined;
        fill();
      }, REPLACED_AFTER_MS);
    },
    resize(next) {
      size = next;
      shrink();
      fill();
    },
    fill,
    stop() {
      isStopped = true;
      clearTimeout(again);
      clearTimeout(shrinking);
      clearTimeout(replacing);
      for (const { launch } of ready.splice(0)) end(launch);
    },
    status: () => ({
      ...{ mode: 'prestart', ready: ready.length, wanted: wanted(), min: size.min, max: size.max },
      ...{ failures: backOff.failures, retry_in_ms: backOff.waitMs },
    }),
  };
}
