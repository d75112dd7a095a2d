import { type ClaimsCheck, checkClaims } from '../../shared/audit/claims.ts';
import { verifyLog } from '../../shared/audit/verify.ts';
import { escapeForTerminal } from '../../shared/terminal/escape.ts';
import { claimsJson, claimsText, seeClaims } from '../audit/claims.ts';
import { auditLogPath, headNotePath } from '../audit/places.ts';
import { exitCodes } from '../exit-codes.ts';
import { Failure, reasonOf } from '../failure.ts';
import type { Invocation } from '../invocation.ts';
import { printReport } from '../print/report.ts';

type Verification = Awaited<ReturnType<typeof verifyLog>>;

/**
 * `driverctl audit verify`: whether the log is whole and ends where the monitor noted (invariant 12); with `--claims` also
 * whether what the broker claimed is borne out by what the monitor saw.
 * Returns the exit status. Throws `Failure` (tampered) that names the first bad record, or the first such claim.
 */
export async function verifyAuditLog(invocation: Invocation): Promise<number> {
  const log = auditLogPath(invocation);
  const check = invocation.options.claims === true ? checkClaims() : null;
  const verification = await verify(log, headNotePath(invocation), check);
  const claims = check?.result() ?? null;
  const { firstBad, ...proven } = verification;
  const json = {
    ...{ ...proven, firstBad: firstBad === null ? null : { ...firstBad } },
    ...(claims === null ? {} : { claims: claimsJson(claims) }),
  };
  const human = (): string => `${proofText(log, verification)}${claims === null ? '' : claimsText(claims)}`;
  printReport(invocation, { json, human });
  if (firstBad !== null) {
    const { segment, seq, line, what, detail } = firstBad;
    throw new Failure(
      'tampered',
      `Cannot prove ${log} whole: the first bad record is ${seq} (${segment}, line ${line}): ${what}: ${detail}`,
    );
  }
  if (claims !== null && claims.count > 0)
    throw new Failure('tampered', `Cannot bear out all claims of ${log}: ${claims.count} have no fact`);
  return exitCodes.ok.status;
}

function proofText(log: string, { ok, records, recoveries }: Verification): string {
  const counts = `${records} records, ${recoveries} of them recoveries`;
  return ok
    ? `${escapeForTerminal(log)} is whole: ${counts}\n`
    : `Proven before the first bad one: ${counts}\n`;
}

async function verify(log: string, headNote: string, check: ClaimsCheck | null): Promise<Verification> {
  try {
    return await verifyLog(log, headNote, check === null ? {} : { see: seeClaims(check) });
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? ` (${reasonOf(error.cause)})` : '';
    throw new Failure('other', `Cannot verify the audit log ${log}: ${reasonOf(error)}${cause}`);
  }
}
