import { hostAccounts } from '../audit/accounts.ts';
import { mayTellEnd } from '../audit/call-outcome.ts';
import { createCallCounter } from '../audit/call-statistics.ts';
import { logFailure } from '../audit/log-failure.ts';
import type { Damage } from '../audit/log-segments.ts';
import { auditLogPath } from '../audit/places.ts';
import { glanceAtRecord, timeOfLine } from '../audit/record-view.ts';
import { scanLog } from '../audit/scan-log.ts';
import { statisticsReport } from '../audit/statistics-report.ts';
import { isWithin, timeRange } from '../audit/time-range.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Invocation } from '../invocation.ts';
import { printReport } from '../print/report.ts';
import { printWarning } from '../print/warning.ts';

/** `driverctl audit stats`: how many calls came to what, and how long they took. Returns the exit status. */
export async function showStatistics(invocation: Invocation): Promise<number> {
  const { options, stderr } = invocation;
  const path = auditLogPath(invocation);
  const range = timeRange(options, Date.now());
  const counter = createCallCounter();
  let foreign = 0;
  let damage: readonly Damage[];
  try {
    damage = await scanLog({ path, range, needles: null }, (line) => {
      if (!mayTellEnd(line) || !isWithin(range, timeOfLine(line))) return true;
      const view = glanceAtRecord(line);
      if (view === null) foreign += 1;
      else counter.add(view);
      return true;
    });
  } catch (error) {
    throw logFailure(path, error);
  }
  printReport(invocation, statisticsReport(counter.statistics, hostAccounts()));
  if (foreign > 0)
    printWarning(
      stderr,
      `${foreign === 1 ? 'One line is no record' : `${foreign} lines are no records`}, and not counted`,
    );
  for (const { path: file, why } of damage) printWarning(stderr, `Cannot read ${file}: ${why}`);
  return (damage.length === 0 ? exitCodes.ok : exitCodes.other).status;
}
