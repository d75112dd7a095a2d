import type { Settings } from '../../shared/configuration/types.generated.ts';
import type { EarlyEnd, EarlyEndReason } from '../connection/early-end.ts';
import { createTurns } from './turns.ts';

/** Calls in flight and those that wait for a place: for each identity (a uid, over all its connections), driver, and in all. */
export interface Limiter {
  /**
   * Takes a place, or waits for one up to `queue_ms`; a promise comes only where it waits.
   * @param driver the profile's name
   * @param early ends the wait
   */
  enter(uid: number, driver: string, limits: PlaceLimits, early: EarlyEnd): Entry | Promise<Entry>;
  /** Calls in flight and waiting that count for an identity and a driver. */
  countsOf(uid: number, driver: string): LimiterCounts;
  readonly inFlight: number;
  readonly waiting: number;
  /** Settles when no call is in flight. */
  whenIdle(): Promise<void>;
}

export type PlaceLimits = Pick<
  Settings['limits'],
  | 'in_flight'
  | 'in_flight_per_identity'
  | 'in_flight_per_driver'
  | 'queued'
  | 'queued_per_identity'
  | 'queued_per_driver'
  | 'queue_ms'
>;

export type Entry =
  /** `release` gives the place back; later calls of it do nothing. */
  | { readonly kind: 'entered'; readonly release: () => void }
  /** So many wait already, or it waited too long. */
  | { readonly kind: 'full' }
  | { readonly kind: 'ended'; readonly why: EarlyEndReason };

export interface LimiterCounts {
  readonly in_flight: number;
  readonly in_flight_of_identity: number;
  readonly in_flight_of_driver: number;
  readonly waiting: number;
  readonly waiting_of_identity: number;
  readonly waiting_of_driver: number;
}

interface Waiter {
  readonly uid: number;
  readonly driver: string;
  readonly limits: PlaceLimits;
  readonly enter: () => void;
}

export function createLimiter(): Limiter {
  const perIdentity = createCounts<number>();
  const perDriver = createCounts<string>();
  const queuedPerDriver = createCounts<string>();
  const turns = createTurns<Waiter>();
  const idle: (() => void)[] = [];
  let inFlight = 0;

  const fits = ({ uid, driver, limits }: Omit<Waiter, 'enter'>): boolean =>
    inFlight < limits.in_flight &&
    perIdentity.of(uid) < limits.in_flight_per_identity &&
    perDriver.of(driver) < limits.in_flight_per_driver;
  const mayWait = ({ uid, driver, limits }: Omit<Waiter, 'enter'>): boolean =>
    limits.queue_ms > 0 &&
    turns.size < limits.queued &&
    turns.waiting(uid) < limits.queued_per_identity &&
    queuedPerDriver.of(driver) < limits.queued_per_driver;

  function takePlace(uid: number, driver: string): Entry {
    inFlight += 1;
    perIdentity.change(uid, 1);
    perDriver.change(driver, 1);
    let held = true;
    return {
      kind: 'entered',
      release() {
        if (!held) return;
        held = false;
        inFlight -= 1;
        perIdentity.change(uid, -1);
        perDriver.change(driver, -1);
        if (turns.size > 0) beginWaiting();
        if (inFlight === 0) for (const settle of idle.splice(0)) settle();
      },
    };
  }

  function beginWaiting(): void {
    for (let next = turns.next(fits); next !== undefined; next = turns.next(fits)) next.enter();
  }

  return {
    enter(uid, driver, limits, early) {
      const wanted = { uid, driver, limits };
      if (early.why !== null) return { kind: 'ended', why: early.why };
      if (fits(wanted)) return takePlace(uid, driver);
      if (!mayWait(wanted)) return { kind: 'full' };
      return new Promise((settle) => {
        const waiter: Waiter = { ...wanted, enter: () => done(takePlace(uid, driver)) };
        const done = (entry: Entry): void => {
          clearTimeout(timer);
          early.listen(null);
          queuedPerDriver.change(driver, -1);
          settle(entry);
        };
        const leave = (entry: Entry): void => {
          turns.remove(uid, waiter);
          done(entry);
        };
        const timer = setTimeout(leave, limits.queue_ms, { kind: 'full' });
        early.listen((why) => leave({ kind: 'ended', why }));
        queuedPerDriver.change(driver, 1);
        turns.add(uid, waiter);
      });
    },
    countsOf: (uid, driver) => ({
      ...{ in_flight: inFlight, in_flight_of_identity: perIdentity.of(uid) },
      ...{ in_flight_of_driver: perDriver.of(driver), waiting: turns.size },
      ...{ waiting_of_identity: turns.waiting(uid), waiting_of_driver: queuedPerDriver.of(driver) },
    }),
    get inFlight() {
      return inFlight;
    },
    get waiting() {
      return turns.size;
    },
    whenIdle: () => (inFlight === 0 ? Promise.resolve() : new Promise((settle) => idle.push(settle))),
  };
}

/** Counts by key, which hold no key at zero. */
function createCounts<Key>(): { of(key: Key): number; change(key: Key, by: 1 | -1): void } {
  const counts = new Map<Key, number>();
  return {
    of: (key) => counts.get(key) ?? 0,
    change(key, by) {
      const now = (counts.get(key) ?? 0) + by;
      if (now === 0) counts.delete(key);
      else counts.set(key, now);
    },
  };
}
