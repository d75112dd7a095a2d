import type { EarlyEnd } from '../connection/early-end.ts';
import { createRing, type Ring, type Said } from './ring.ts';

/** Most bytes of all rings together. Where another driver speaks, the ring that was quiet longest gives way. */
const BYTES_IN_ALL = 67_108_864;
/** Most calls that may wait for new lines at a time; others are answered at once. */
const MOST_WAITING = 64;

/** The rings of all drivers that are enabled; each is made with the driver's first line. */
export interface Rings {
  /** Rings of other drivers are forgotten; one of another size is made anew with what fits. Who waits is answered. */
  configure(drivers: ReadonlySet<string>, ringBytes: number): void;
  /** Keeps whole lines; those of a driver that is not enabled are dropped. */
  push(driver: string, said: Said, bytes: Uint8Array): void;
  ring(driver: string): Ring | null;
  /** Number of the next line of a driver. */
  next(driver: string): number;
  /** Settles when a driver says something or is not enabled, after so many milliseconds, when the call that waits is to end, or by `wake`. */
  changed(driver: string, milliseconds: number, early: EarlyEnd): Promise<void>;
  /** Has everybody who waits answered. */
  wake(): void;
}

export function createRings(): Rings {
  /** Those that spoke last stand last. */
  const rings = new Map<string, Ring>();
  const numbers = new Map<string, number>();
  const waiting = new Map<() => void, string>();
  let enabled: ReadonlySet<string> = new Set();
  let ringBytes = 0;

  function forget(driver: string): void {
    const ring = rings.get(driver);
    if (ring !== undefined) numbers.set(driver, ring.next);
    rings.delete(driver);
  }

  function ringFor(driver: string): Ring {
    const ring = rings.get(driver) ?? createRing(ringBytes, numbers.get(driver) ?? 0);
    rings.delete(driver);
    const most = Math.max(1, Math.floor(BYTES_IN_ALL / ringBytes));
    for (const quiet of rings.keys()) {
      if (rings.size < most) break;
      forget(quiet);
    }
    rings.set(driver, ring);
    return ring;
  }

  /** A ring of the size that counts now, whose lines keep their numbers. */
  function madeAnew(driver: string, old: Ring): Ring {
    numbers.set(driver, old.first);
    return ringFor(driver);
  }

  function settle(driver: string | null): void {
    for (const [done, wanted] of waiting) if (driver === null || wanted === driver) done();
  }

  return {
    configure(drivers, bytes) {
      enabled = drivers;
      ringBytes = bytes;
      for (const [driver, old] of [...rings]) {
        if (drivers.has(driver) && old.size === bytes) continue;
        forget(driver);
        if (drivers.has(driver)) old.copyTo(madeAnew(driver, old));
      }
      for (const driver of [...numbers.keys()]) if (!drivers.has(driver)) numbers.delete(driver);
      settle(null);
    },
    push(driver, said, bytes) {
      if (!enabled.has(driver)) return;
      ringFor(driver).push(said, bytes);
      settle(driver);
    },
    ring: (driver) => rings.get(driver) ?? null,
    next: (driver) => rings.get(driver)?.next ?? numbers.get(driver) ?? 0,
    changed(driver, milliseconds, early) {
      const isVain = !enabled.has(driver) || early.why !== null;
      if (isVain || waiting.size >= MOST_WAITING) return Promise.resolve();
      return new Promise((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          early.listen(null);
          waiting.delete(done);
          resolve();
        };
        const timer = setTimeout(done, milliseconds);
        early.listen(done);
        waiting.set(done, driver);
      });
    },
    wake: () => settle(null),
  };
}
