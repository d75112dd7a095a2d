import { RESET_REASON_MAXIMUM } from '../../shared/audit/reset-request.ts';
import { askForReset } from '../audit/ask-for-reset.ts';
import { stateFolder } from '../audit/places.ts';
import { exitCodes } from '../exit-codes.ts';
import { Failure, reasonOf } from '../failure.ts';
import type { Invocation } from '../invocation.ts';
import { printReport } from '../print/report.ts';

/**
 * `driverctl audit reset`: has the daemon's next start keep the old log aside and begin a new chain, whose first record
 * says so. Returns the exit status. Throws `Failure`.
 */
export function resetAuditLog(invocation: Invocation): number {
  const { options, uid } = invocation;
  const reason = options.reason ?? null;
  if (reason !== null && reason.length > RESET_REASON_MAXIMUM) {
    throw new Failure('usage', `Cannot read --reason: it is longer than ${RESET_REASON_MAXIMUM} characters`);
  }
  const folder = stateFolder(invocation);
  try {
    askForReset(folder, { uid, reason });
  } catch (error) {
    throw new Failure('other', `Cannot ask for a new audit log: ${reasonOf(error)}`);
  }
  printReport(invocation, {
    json: { asked: true },
    human: () =>
      'asked: the next start of the daemon keeps the old files aside and begins a new chain, and says so in its first record\n',
  });
  return exitCodes.ok.status;
}
