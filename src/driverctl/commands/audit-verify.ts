import { verifyLog } from '../../shared/audit/verify.ts';
import { escapeForTerminal } from '../../shared/terminal/escape.ts';
import { auditLogPath, headNotePath } from '../audit/places.ts';
import { exitCodes } from '../exit-codes.ts';
import { Failure, reasonOf } from '../failure.ts';
import type { Invocation } from '../invocation.ts';
import { printReport } from '../print/report.ts';

type Verification = Awaited<ReturnType<typeof verifyLog>>;

/**
 * `driverctl audit verify`: whether the log is whole and ends where the monitor noted (invariant 12).
 * Returns the exit status. Throws `Failure` (tampered) that names the first bad record.
 */
export async function verifyAuditLog(invocation: Invocation): Promise<number> {
  const log = auditLogPath(invocation);
  const { ok, records, begins, recoveries, firstBad, tail } = await verify(log, headNotePath(invocation));
  const json = {
    ...{ ok, records, begins, recoveries, tail },
    firstBad: firstBad === null ? null : { ...firstBad },
  };
  const counts = `${records} records, ${recoveries} of them recoveries`;
  const human = (): string =>
    ok ? `${escapeForTerminal(log)} is whole: ${counts}\n` : `Proven before the first bad one: ${counts}\n`;
  printReport(invocation, { json, human });
  if (firstBad === null) return exitCodes.ok.status;
  const { segment, seq, line, what, detail } = firstBad;
  throw new Failure(
    'tampered',
    `Cannot prove ${log} whole: the first bad record is ${seq} (${segment}, line ${line}): ${what}: ${detail}`,
  );
}

async function verify(log: string, headNote: string): Promise<Verification> {
  try {
    return await verifyLog(log, headNote);
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? ` (${reasonOf(error.cause)})` : '';
    throw new Failure('other', `Cannot verify the audit log ${log}: ${reasonOf(error)}${cause}`);
  }
}
