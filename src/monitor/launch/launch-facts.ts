import type { LaunchEnd } from '../../boundary/launch-words.ts';
import type { AuditFields } from '../../shared/audit/fields.ts';
import type { LaunchUsage } from './cgroup-usage.ts';
import type { Launch } from './launches.ts';

/** Signals as a shell numbers them in an exit status. */
const SIGNAL_STATUS = 128;
const LAST_SIGNAL = 64;

/** What came of a launch. */
export interface Ended {
  readonly end: LaunchEnd;
  readonly status: number;
  /** Microseconds from the request to "go"; null: its gate stayed shut, so the driver did nothing. */
  readonly startMicroseconds: number | null;
  /** Microseconds from "go", or from its call where it had waited for one, to the death of all its processes. */
  readonly ranMicroseconds: number | null;
  /** null: it had no cgroup. */
  readonly usage: LaunchUsage | null;
}

/** What is started, as it was when the configuration was loaded. */
function driverFacts({ profile, plan }: Launch): AuditFields {
  return { profile, driver: plan.driver, driver_digest: plan.digest };
}

/** A launch before its gate opens. */
export function launchFacts(launch: Launch): AuditFields {
  const { number, served, purpose, isolation, programChanged, readyMicroseconds } = launch;
  return {
    ...{ launch: number, session: served?.session ?? null, for: purpose.kind, ...driverFacts(launch) },
    ...{ program_changed: programChanged, ready_us: readyMicroseconds, isolation: { ...isolation } },
  };
}

/**
 * How a launch ended and what it used. A signal shows as the launcher passes it on, 128 and its number; a program that
 * exits with such a status looks the same.
 */
export function runFacts(launch: Launch, { end, status, usage }: Ended): AuditFields {
  const bySignal = status > SIGNAL_STATUS && status <= SIGNAL_STATUS + LAST_SIGNAL;
  return {
    ...driverFacts(launch),
    end,
    exit_status: bySignal ? null : status,
    signal: bySignal ? status - SIGNAL_STATUS : null,
    usage: usage && { ...usage },
  };
}
