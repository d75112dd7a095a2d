import { fingerprintOf, type VerificationKey } from '../../shared/audit/seals/verification-key.ts';
import type { SealedResult } from '../../shared/audit/seals/verify-sealed.ts';
import type { JsonObject } from '../../shared/json-value.ts';
import { escapeForTerminal } from '../../shared/terminal/escape.ts';
import type { ToVerify } from './what-to-verify.ts';

/** What a verification found, for programs. */
export function verificationJson(result: SealedResult, target: ToVerify, keys: number): JsonObject {
  const { ok, records, begins, recoveries, tail, proven, seals, firstBad } = result;
  return {
    ...{ ok, records, begins, recoveries, tail, proven },
    unproven: lastOf(result) - proven,
    state: target.state !== null,
    keys,
    seals:
      seals === null
        ? null
        : {
            count: seals.count,
            last: seals.last === null ? null : { ...seals.last },
            first_key: seals.firstKey === null ? null : fingerprintOf(seals.firstKey.key),
            awaited: seals.awaited,
          },
    firstBad: firstBad === null ? null : { ...firstBad },
  };
}

/** The same for eyes: what is proven, by what, and what is not. */
export function verificationText(
  result: SealedResult,
  target: ToVerify,
  keys: readonly VerificationKey[],
): string {
  const lines = [headline(result, target), ...resetLines(result), ...sealLines(result, keys)];
  return lines.map((line) => `${line}\n`).join('');
}

function headline(result: SealedResult, target: ToVerify): string {
  const { ok, records, begins, recoveries, proven } = result;
  const counts = `${records} records, ${recoveries} of them recoveries`;
  const path = escapeForTerminal(target.path);
  if (!ok)
    return proven === 0 ? 'No record is proven' : `Proven before the first bad one: records up to ${proven}`;
  const from = begins === 1 ? '' : `, from record ${begins} on`;
  if (target.state !== null) return `${path} is whole: ${counts}${from}`;
  const behind = lastOf(result) - proven;
  return (
    `${path} is whole up to record ${proven}, the last one proven: ${counts}${from}\n` +
    `${behind === 0 ? 'Nothing stands' : `${behind} records stand`} behind it unproven; whether more were cut off its end ` +
    `cannot be told without the state folder (${target.whyNoState})`
  );
}

function resetLines({ reset }: SealedResult): string[] {
  if (reset === null) return [];
  const { why, reason, kept_in: keptIn } = reset;
  const words = typeof reason === 'string' ? ` (${escapeForTerminal(reason)})` : '';
  const before =
    typeof keptIn === 'string'
      ? `what was before is kept in ${escapeForTerminal(keptIn)}`
      : 'nothing was before';
  return [
    `It begins with a reset, ${why === 'asked' ? `asked for${words}` : 'on another machine'}: ${before}`,
  ];
}

function sealLines({ ok, seals }: SealedResult, keys: readonly VerificationKey[]): string[] {
  if (seals === null) return ok ? ['It has no seals'] : [];
  const { count, last, firstKey, awaited } = seals;
  return [
    ...(last === null
      ? []
      : [`Sealed ${count} times, the last time epoch ${last.epoch} with record ${last.seq} at ${last.time}`]),
    ...(awaited === null
      ? []
      : [
          `The seal of record ${awaited} is not there: it is being written, its daemon ended before, or it was cut off`,
        ]),
    ...(keys.length > 0 && ok
      ? [`Every key that was kept is that of its seal: epoch ${keys.map(({ epoch }) => epoch).join(', ')}`]
      : []),
    ...(keys.length === 0 && firstKey !== null
      ? [
          `Its first key is ${fingerprintOf(firstKey.key)}: compare it with the one that was kept, or use --key`,
        ]
      : []),
  ];
}

function lastOf({ begins, records }: SealedResult): number {
  return begins + records - 1;
}
