import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { type RecordOrigin, recordedHost } from '../../shared/audit/record.ts';

/** What the clock reads. */
export interface ClockSources {
  /** CLOCK_REALTIME in whole milliseconds since 1970. */
  readonly wallMilliseconds: () => number;
  /** CLOCK_MONOTONIC in nanoseconds. */
  readonly monotonicNanoseconds: () => bigint;
  readonly boot: string;
  /** As `recordedHost` writes it. */
  readonly host: string;
  /** Process id of this monitor. */
  readonly writer: number;
}

export interface AuditClock {
  readonly boot: string;
  now(): RecordOrigin;
}

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

export function systemClock(): ClockSources {
  return {
    wallMilliseconds: Date.now,
    monotonicNanoseconds: process.hrtime.bigint,
    boot: readFileSync(BOOT_ID, 'utf8').trim(),
    // Both as they are when the log is opened: a host that is renamed shows under its new name after the next start.
    host: recordedHost(hostname()),
    writer: process.pid,
  };
}

/**
 * Wall time with microseconds. Node's Date has milliseconds: the rest comes from the monotonic clock, counted from an
 * anchor that is set anew whenever the two no longer agree, so that a clock set by hand shows at once (A15).
 */
export function createClock(sources: ClockSources = systemClock()): AuditClock {
  const { wallMilliseconds, monotonicNanoseconds, boot, host, writer } = sources;
  // Microseconds since 1970 stay exact in a double until the year 2255.
  let anchorMicroseconds = wallMilliseconds() * 1000;
  let anchorMonotonic = monotonicNanoseconds();
  let second = -1;
  let secondText = '';

  function now(): RecordOrigin {
    const wall = wallMilliseconds();
    const monotonic = monotonicNanoseconds();
    let microseconds = anchorMicroseconds + Math.floor(Number(monotonic - anchorMonotonic) / 1000);
    // The anchor may be up to 1 ms behind, since it was cut to whole milliseconds, and the two are read one after the other.
    if (Math.abs(Math.floor(microseconds / 1000) - wall) > 1) {
      microseconds = anchorMicroseconds = wall * 1000;
      anchorMonotonic = monotonic;
    }
    const time = `${textOfSecond(Math.floor(microseconds / 1e6))}${String(microseconds % 1e6).padStart(6, '0')}Z`;
    return { time, monotonicNanoseconds: String(monotonic), boot, host, writer };
  }

  /** Up to and with the point before the fraction; kept, since a date is dear and many records share a second. */
  function textOfSecond(wanted: number): string {
    if (wanted !== second) {
      second = wanted;
      secondText = new Date(wanted * 1000).toISOString().slice(0, -'000Z'.length);
    }
    return secondText;
  }

  return { boot, now };
}
