import { type ClaimsCheck, checkClaims } from '../../shared/audit/claims.ts';
import type { VerificationKey } from '../../shared/audit/seals/verification-key.ts';
import { type SealedResult, verifySealedLog } from '../../shared/audit/seals/verify-sealed.ts';
import { claimsJson, claimsText, seeClaims } from '../audit/claims.ts';
import { verificationJson, verificationText } from '../audit/verification-text.ts';
import { keptKeys, type ToVerify, whatToVerify } from '../audit/what-to-verify.ts';
import { exitCodes } from '../exit-codes.ts';
import { Failure, reasonOf } from '../failure.ts';
import type { Invocation } from '../invocation.ts';
import { printReport } from '../print/report.ts';

/**
 * `driverctl audit verify`: whether the log is whole, was sealed in its time, and ends where the monitor noted; without
 * the state folder as far as it is sealed (invariant 12); with `--claims` also whether what the broker claimed is borne out
 * by what the monitor saw. Returns the exit status. Throws `Failure` (tampered) that names the first bad record, or says
 * how many claims have no fact.
 */
export async function verifyAuditLog(invocation: Invocation): Promise<number> {
  const target = whatToVerify(invocation);
  const keys = keptKeys(invocation);
  const check = invocation.options.claims === true ? checkClaims() : null;
  const result = await verify(target, keys, check);
  const { ok, firstBad, seals } = result;
  if (ok && target.state === null && (seals === null || seals.last === null)) {
    throw new Failure(
      'other',
      `Cannot verify the audit log ${target.path}: none of its records is sealed, and there is no state folder to prove them by (${target.whyNoState})`,
    );
  }
  const claims = check?.result() ?? null;
  printReport(invocation, {
    json: {
      ...verificationJson(result, target, keys.length),
      ...(claims === null ? {} : { claims: claimsJson(claims) }),
    },
    human: () => `${verificationText(result, target, keys)}${claims === null ? '' : claimsText(claims)}`,
  });
  if (firstBad !== null) {
    const { segment, seq, line, what, detail } = firstBad;
    throw new Failure(
      'tampered',
      `Cannot prove ${target.path} whole: the first bad record is ${seq} (${segment}, line ${line}): ${what}: ${detail}`,
    );
  }
  if (claims !== null && claims.count > 0)
    throw new Failure(
      'tampered',
      `Cannot bear out all claims of ${target.path}: ${claims.count} have no fact`,
    );
  return exitCodes.ok.status;
}

async function verify(
  { path, isPart, state }: ToVerify,
  keys: readonly VerificationKey[],
  check: ClaimsCheck | null,
): Promise<SealedResult> {
  try {
    const see = check === null ? {} : { see: seeClaims(check) };
    return await verifySealedLog(path, { state, keys, isPart, ...see });
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? ` (${reasonOf(error.cause)})` : '';
    throw new Failure('other', `Cannot verify the audit log ${path}: ${reasonOf(error)}${cause}`);
  }
}
