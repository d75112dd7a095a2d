import { readFileSync } from 'node:fs';
import type { RecordTime } from '../../shared/audit/record.ts';

/** What the clock reads. */
export interface ClockSources {
  /** CLOCK_REALTIME in whole milliseconds since 1970. */
  readonly wallMilliseconds: () => number;
  /** CLOCK_MONOTONIC in nanoseconds. */
  readonly monotonicNanoseconds: () => bigint;
  readonly boot: string;
}

export interface AuditClock {
  readonly boot: string;
  now(): RecordTime;
}

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

export function systemClock(): ClockSources {
  return {
    wallMilliseconds: Date.now,
    monotonicNanoseconds: process.hrtime.bigint,
    boot: readFileSync(BOOT_ID, 'utf8').trim(),
  };
}

/**
 * Wall time with microseconds. Node's Date has milliseconds: the rest comes from the monotonic clock, counted from an
 * anchor that is set anew whenever the two no longer agree, so that a clock set by hand shows at once (A15).
 */
export function createClock(sources: ClockSources = systemClock()): AuditClock {
  const { wallMilliseconds, monotonicNanoseconds, boot } = sources;
  let anchorMicroseconds = BigInt(wallMilliseconds()) * 1000n;
  let anchorMonotonic = monotonicNanoseconds();

  function now(): RecordTime {
    const wall = wallMilliseconds();
    const monotonic = monotonicNanoseconds();
    let microseconds = anchorMicroseconds + (monotonic - anchorMonotonic) / 1000n;
    // The anchor may be up to 1 ms behind, since it was cut to whole milliseconds, and the two are read one after the other.
    if (Math.abs(Number(microseconds / 1000n) - wall) > 1) {
      anchorMicroseconds = BigInt(wall) * 1000n;
      anchorMonotonic = monotonic;
      microseconds = anchorMicroseconds;
    }
    const fraction = String(microseconds % 1000n).padStart(3, '0');
    const time = new Date(Number(microseconds / 1000n)).toISOString().replace('Z', `${fraction}Z`);
    return { time, monotonicNanoseconds: String(monotonic), boot };
  }

  return { boot, now };
}
