import { risksOf } from '../../shared/configuration/grant-risks.ts';
import type { Log } from '../../shared/log.ts';
import type { Recorder } from '../audit/recorder.ts';
import type { GrantNotes } from './grant-notes.ts';
import type { DriverPlan } from './plan.ts';

/** Tells what an admin should see of the grants that are in force from now on: changes on record, risks in the operational log. */
export function reportGrants(
  drivers: ReadonlyMap<string, DriverPlan>,
  notes: GrantNotes,
  record: Recorder,
  log: Log,
): void {
  const { widened, asksNotGranted, kept } = notes.take(drivers);
  if (kept !== null) log.error({ reason: kept }, 'what profiles grant could not be noted');
  for (const change of widened) void record('grants-widened', { ...change });
  for (const change of asksNotGranted) void record('asks-not-granted', { ...change });
  for (const [profile, { sandbox }] of drivers) {
    const risks = risksOf({ ...sandbox, isRoot: sandbox.uid === 0 });
    if (risks.length > 0) log.warn({ profile, risks }, 'a profile grants what weakens its sandbox');
  }
}
