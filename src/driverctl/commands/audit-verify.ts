import type { VerificationKey } from '../../shared/audit/seals/verification-key.ts';
import { type SealedResult, verifySealedLog } from '../../shared/audit/seals/verify-sealed.ts';
import { verificationJson, verificationText } from '../audit/verification-text.ts';
import { keptKeys, type ToVerify, whatToVerify } from '../audit/what-to-verify.ts';
import { exitCodes } from '../exit-codes.ts';
import { Failure, reasonOf } from '../failure.ts';
import type { Invocation } from '../invocation.ts';
import { printReport } from '../print/report.ts';

/**
 * `driverctl audit verify`: whether the log is whole, was sealed in its time, and ends where the monitor noted; without
 * the state folder as far as it is sealed (invariant 12). Returns the exit status. Throws `Failure` (tampered) that names
 * the first bad record.
 */
export async function verifyAuditLog(invocation: Invocation): Promise<number> {
  const target = whatToVerify(invocation);
  const keys = keptKeys(invocation);
  const result = await verify(target, keys);
  const { ok, firstBad, seals } = result;
  if (ok && target.state === null && (seals === null || seals.last === null)) {
    throw new Failure(
      'other',
      `Cannot verify the audit log ${target.path}: none of its records is sealed, and there is no state folder to prove them by (${target.whyNoState})`,
    );
  }
  printReport(invocation, {
    json: verificationJson(result, target, keys.length),
    human: () => verificationText(result, target, keys),
  });
  if (firstBad === null) return exitCodes.ok.status;
  const { segment, seq, line, what, detail } = firstBad;
  throw new Failure(
    'tampered',
    `Cannot prove ${target.path} whole: the first bad record is ${seq} (${segment}, line ${line}): ${what}: ${detail}`,
  );
}

async function verify(
  { path, isPart, state }: ToVerify,
  keys: readonly VerificationKey[],
): Promise<SealedResult> {
  try {
    return await verifySealedLog(path, { state, keys, isPart });
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? ` (${reasonOf(error.cause)})` : '';
    throw new Failure('other', `Cannot verify the audit log ${path}: ${reasonOf(error)}${cause}`);
  }
}
