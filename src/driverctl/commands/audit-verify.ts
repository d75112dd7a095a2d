import { verifyLog } from '../../shared/audit/verify.ts';
import { escapeForTerminal } from '../../shared/terminal/escape.ts';
import { auditLogPath, headNotePath } from '../audit/places.ts';
import { exitCodes } from '../exit-codes.ts';
import { Failure, reasonOf } from '../failure.ts';
import type { Invocation } from '../invocation.ts';
import { printReport } from '../print/report.ts';

/** What was found, or why nothing could be. */
type Verification = Awaited<ReturnType<typeof verifyLog>>;

/**
 * `driverctl audit verify`: whether the log is whole and ends where the monitor noted (invariant 12).
 * Returns the exit status; it names the first bad record.
 */
export async function verifyAuditLog(invocation: Invocation): Promise<number> {
  const log = auditLogPath(invocation);
  const verification = await verify(log, headNotePath(invocation));
  printReport(invocation, { json: { ...verification }, human: () => verdict(log, verification) });
  if (verification.ok) return exitCodes.ok.status;
  return exitCodes.tampered.status;
}

async function verify(log: string, headNote: string): Promise<Verification> {
  try {
    return await verifyLog(log, headNote);
  } catch (error) {
    throw new Failure('other', `Cannot verify the audit log ${log}: ${reasonOf(error)}`);
  }
}

function verdict(log: string, { ok, records, recoveries, firstBad }: Verification): string {
  const counted = `${records} records, ${recoveries} recoveries`;
  if (ok || firstBad === null) return `${escapeForTerminal(log)} is whole: ${counted}\n`;
  const { seq, line, what, detail } = firstBad;
  const place = `line ${line}, record ${seq ?? 'unknown'}`;
  return `${escapeForTerminal(`${log} is not whole: first bad record at ${place}: ${what}: ${detail}`)}\n`;
}
