import type { Log } from '../../shared/log.ts';
import type { AuditLog } from '../audit/log.ts';
import type { Recorder } from '../audit/recorder.ts';
import type { Calls } from '../calls.ts';
import type { Pause } from '../pause.ts';
import { launchFacts, runFacts } from './launch-facts.ts';
import { createLaunches, type Launches, type LaunchMeans } from './launches.ts';

/** Launches that are recorded before their gate opens and at their end, and held back without an intent or in a pause. */
export function createRecordedLaunches(
  means: LaunchMeans,
  {
    audit,
    record,
    calls,
    pause,
    log,
  }: {
    readonly audit: AuditLog;
    readonly record: Recorder;
    readonly calls: Calls;
    readonly pause: Pause;
    readonly log: Log;
  },
): Launches {
  return createLaunches(means, {
    async heldBack(launch) {
      // What is started before its calls serves none without an intent that names it.
      if (launch.purpose.kind === 'call' && !(await calls.intended(launch))) return 'no-intent';
      return pause.since === null ? null : 'paused';
    },
    record(launch) {
      const { number, profile, purpose, isolation } = launch;
      const { accept_root: reason } = isolation;
      if (reason !== undefined) log.warn({ profile, launch: number, reason }, 'a driver starts as root');
      if (isolation.fallback)
        log.warn(
          { profile, launch: number, reason: isolation.fallback_reason },
          'a driver starts in the sandbox instead of a container',
        );
      if (launch.programChanged)
        log.warn(
          { profile, launch: number },
          'a driver starts whose program was changed since it was loaded',
        );
      const claims = purpose.kind === 'call' ? { call: purpose.call } : {};
      return audit.append('launch', launchFacts(launch), claims, false);
    },
    ended(launch, how) {
      const { number, served } = launch;
      const run = runFacts(launch, how);
      calls.launchEnded(launch, how, run);
      const durations = { start_us: how.startMicroseconds, ran_us: how.ranMicroseconds };
      const opened = how.ranMicroseconds !== null;
      const session = served?.session ?? null;
      void record('launch-end', { launch: number, session, ...run, opened, ...durations });
    },
    failed: (profile, why) => log.error({ profile, reason: why }, 'a driver was not started'),
  });
}
