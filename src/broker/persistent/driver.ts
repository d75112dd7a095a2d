import type { LaunchEnd, LaunchRefusal } from '../../boundary/launch-words.ts';
import type { JsonObject } from '../../shared/json-value.ts';
import type { EarlyEnd } from '../connection/early-end.ts';
import type { LaunchGrant } from '../monitor-link.ts';
import { createBackOff } from '../pool/back-off.ts';
import type { PersistentSettings } from '../pool/pool-settings.ts';
import type { PersistentProcess, ProcessEnd } from './process.ts';

/** Ends without a success between them after which calls are told at once that the driver is not there. */
const OPENS_AFTER = 3;
/** A process that lived so long ended for a reason of its own, not for one that the next start meets again; in milliseconds. */
const STEADY_MS = 10_000;
/** Longest wait of a call for a process that starts, in milliseconds. */
const WAITS_MS = 15_000;
/** Asking again does no good until the monitor says that something changed. */
const WAIT_FOR_NEWS: readonly LaunchRefusal[] = ['paused', 'draining', 'stale-generation', 'unknown-profile'];
/** After what was replaced has ended there is room again; so often it is tried, in milliseconds. */
const FULL_AGAIN_MS = 100;
/** Ends that say nothing against the driver. */
const ENDS_WELL: readonly LaunchEnd[] = ['retired', 'broker-ended', 'stopping'];

/** A call's place in a process. */
export interface Place {
  readonly process: PersistentProcess;
  /** Gives it back. */
  leave(): void;
  /** Its call has no recorded intent: the monitor does not count it among those of the process either. */
  unused(): void;
}

export type Placed =
  | { readonly kind: 'placed'; readonly place: Place }
  | { readonly kind: 'unavailable'; readonly retryAfterMs: number }
  /** The call is to end early. */
  | { readonly kind: 'ended' };

export interface DriverMeans {
  start(): Promise<LaunchGrant | LaunchRefusal>;
  open(grant: LaunchGrant): PersistentProcess;
  mayStart(): boolean;
  /** Told why one did not start or ended by itself. */
  failed(why: string): void;
}

/** The processes of one persistent driver. */
export interface PersistentDriver {
  /** A place in the process with the fewest calls; a promise where it waits for one that starts. */
  place(early: EarlyEnd): Placed | Promise<Placed>;
  /** Milliseconds until it is tried again, where it ended again and again and none runs; else null. */
  unavailable(): number | null;
  /** The monitor gives no further call to this one. */
  stale(launch: number): void;
  configure(settings: PersistentSettings): void;
  /** Starts what is missing. */
  fill(): void;
  /** Ends what has no calls, and the rest with their last. */
  stop(): void;
  status(): JsonObject;
}

interface Member {
  readonly process: PersistentProcess;
  readonly since: number;
  isReady: boolean;
  /** It gets no further call. */
  isRetired: boolean;
  /** Calls that it has, and that it was given in all. */
  calls: number;
  given: number;
}

export function createPersistentDriver(
  first: PersistentSettings,
  { start, open, mayStart, failed }: DriverMeans,
): PersistentDriver {
  const members = new Set<Member>();
  const waiting = new Set<() => void>();
  const backOff = createBackOff();
  let settings = first;
  let starting = 0;
  let isStopped = false;
  let again: NodeJS.Timeout | undefined;

  const isServing = ({ isReady, isRetired, process }: Member): boolean =>
    isReady && !isRetired && !process.isOver;
  const serving = (): Member[] => [...members].filter(isServing);
  const current = (): number => starting + [...members].filter(({ isRetired }) => !isRetired).length;

  function unavailable(): number | null {
    if (backOff.failures < OPENS_AFTER || serving().length > 0) return null;
    return Math.max(1, backOff.waitMs);
  }

  function wake(): void {
    for (const look of [...waiting]) look();
  }

  function hasFailed(why: string): void {
    failed(why);
    backOff.failed();
  }

  function fill(): void {
    while (!isStopped && mayStart() && current() < settings.processes) {
      if (backOff.waitMs > 0) return fillLater(backOff.waitMs);
      starting += 1;
      void start().then((started) => {
        starting -= 1;
        if (typeof started !== 'string') return take(started);
        if (WAIT_FOR_NEWS.includes(started)) return;
        if (started === 'pool-full') return fillLater(FULL_AGAIN_MS);
        hasFailed(started);
        wake();
        fill();
      });
    }
  }

  function fillLater(ms: number): void {
    again ??= setTimeout(() => {
      again = undefined;
      fill();
    }, ms).unref();
  }

  function take(grant: LaunchGrant): void {
    const process = open(grant);
    const member: Member = {
      process,
      since: performance.now(),
      isReady: false,
      isRetired: false,
      calls: 0,
      given: 0,
    };
    members.add(member);
    void process.ready.then((isReady) => {
      member.isReady = isReady;
      if (isStopped) retire(member);
      wake();
    });
    void process.ended.then((end) => {
      members.delete(member);
      over(member, end);
    });
  }

  /**
   * One that has served, or lived long, is no sign that the next cannot: else who can end a process by a call could keep all
   * others from it for half a minute each time. Also of one that is merely replaced.
   */
  function lookBack({ since, process }: Member): void {
    if (process.hasServed || performance.now() - since >= STEADY_MS) backOff.succeeded();
  }

  function over(member: Member, { end, fault, status }: ProcessEnd): void {
    if (!member.isRetired) {
      lookBack(member);
      if (!ENDS_WELL.includes(end)) hasFailed(fault ?? `${end} ${status}`);
    }
    wake();
    fill();
  }

  function retire(member: Member): void {
    if (!member.isRetired) lookBack(member);
    member.isRetired = true;
    if (member.calls === 0) member.process.kill(null);
  }

  function leastBusy(): Member | undefined {
    let found: Member | undefined;
    for (const member of members) {
      if (!isServing(member) || member.calls >= settings.maxConcurrency) continue;
      // The monitor has it replaced when as many intents are recorded, and says so.
      if (member.given >= settings.recycleCalls) continue;
      if (found === undefined || member.calls < found.calls) found = member;
    }
    return found;
  }

  function enter(member: Member): Placed {
    member.calls += 1;
    member.given += 1;
    let isHeld = true;
    let isUsed = true;
    return {
      kind: 'placed',
      place: {
        process: member.process,
        leave() {
          if (!isHeld) return;
          isHeld = false;
          member.calls -= 1;
          if (member.isRetired && member.calls === 0) member.process.kill(null);
          if (waiting.size > 0) wake();
        },
        unused() {
          if (!isUsed) return;
          isUsed = false;
          member.given -= 1;
          if (waiting.size > 0) wake();
        },
      },
    };
  }

  /** Null: it has to wait. */
  function placeNow(early: EarlyEnd): Placed | null {
    if (early.why !== null) return { kind: 'ended' };
    const member = leastBusy();
    if (member !== undefined) return enter(member);
    const retryAfterMs = unavailable() ?? (isStopped ? WAITS_MS : null);
    return retryAfterMs === null ? null : { kind: 'unavailable', retryAfterMs };
  }

  return {
    place(early) {
      const now = placeNow(early);
      if (now !== null) return now;
      fill();
      return new Promise((resolve) => {
        const settle = (placed: Placed): void => {
          clearTimeout(timer);
          early.listen(null);
          waiting.delete(look);
          resolve(placed);
        };
        const look = (): void => {
          const placed = placeNow(early);
          if (placed !== null) settle(placed);
        };
        const timer = setTimeout(settle, WAITS_MS, { kind: 'unavailable', retryAfterMs: WAITS_MS });
        waiting.add(look);
        early.listen(look);
      });
    },
    unavailable,
    stale(launch) {
      for (const member of members) if (member.process.launch === launch) retire(member);
      fill();
    },
    configure(next) {
      settings = next;
      for (const member of serving().slice(next.processes)) retire(member);
      fill();
    },
    fill,
    stop() {
      isStopped = true;
      clearTimeout(again);
      for (const member of [...members]) if (member.isReady) retire(member);
      wake();
    },
    status: () => ({
      mode: 'persistent',
      state: serving().length > 0 ? 'ready' : unavailable() === null ? 'starting' : 'unavailable',
      ...{ processes: serving().length, wanted: settings.processes },
      calls_in_flight: [...members].reduce((sum, { calls }) => sum + calls, 0),
      ...{ failures: backOff.failures, retry_in_ms: backOff.waitMs },
    }),
  };
}
