import type { Log } from '../../shared/log.ts';
import { createJournal } from './journal.ts';
import type { Said } from './ring.ts';
import { createRings, type Rings } from './rings.ts';

/** Where a profile wants its driver's lines: in the operational log and in memory, in memory alone, or nowhere. */
export type KeptIn = 'journal' | 'memory' | 'none';

/** What drivers say for people. Everything that comes here was scrubbed (invariant 10). */
export interface DriverLogs {
  readonly rings: Rings;
  configure(drivers: ReadonlySet<string>, limits: DriverLogLimits): void;
  /** Keeps whole lines of a driver. */
  keep(driver: string, where: KeptIn, said: Said, bytes: Uint8Array): void;
  /** Before an end: tells in the operational log what was left out of it. */
  finish(): void;
}

export interface DriverLogLimits {
  readonly driver_log_ring_bytes: number;
  readonly driver_log_bytes_per_minute: number;
}

export function createDriverLogs(log: Log): DriverLogs {
  const rings = createRings();
  const journal = createJournal(log);
  return {
    rings,
    configure(drivers, limits) {
      rings.configure(drivers, limits.driver_log_ring_bytes);
      journal.allowance.bytesPerMinute = limits.driver_log_bytes_per_minute;
    },
    keep(driver, where, said, bytes) {
      if (where === 'none') return;
      rings.push(driver, said, bytes);
      if (where === 'journal') journal.write(driver, said, bytes);
    },
    finish: journal.allowance.flush,
  };
}
