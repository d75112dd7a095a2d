import { type PreparedRecord, prepareRecord, type RecordOrigin } from '../../shared/audit/record.ts';
import type { Tail } from './tail.ts';
import type { FailedStage } from './unavailable.ts';

/** Why the log has to be taken up: at a start, `ended` (same boot) or `rebooted`; else what failed in a running monitor. */
export type RecoveryReason = 'ended' | 'rebooted' | FailedStage;

/** What a recovery record says beside what was found. */
export interface RecoveryCause {
  readonly why: RecoveryReason;
  /** The errno word; null where there was none. */
  readonly error: string | null;
  /** The last record that was confirmed: noted as standing, or answered. */
  readonly confirmed: number;
  /** The last record that is known to be on disk: what stands after it is only known to have been readable. */
  readonly durable: number;
  /** The last record that was announced. */
  readonly announced: number;
  /** What could have no record since writing failed: refusals, and other things that happened. */
  readonly refused: number;
  readonly unrecorded: number;
  /** Whether calls are still refused behind this record: the reserve is given up, and the disk is full. */
  readonly refusing: boolean;
  /** When writing failed. */
  readonly since: string | null;
}

/**
 * Makes the recovery record that closes off whatever stands behind the last whole record and declares it, so that
 * nothing was mended silently (A2). It goes to disk before anything follows it.
 */
export function recoveryRecord(tail: Tail, cause: RecoveryCause, at: RecordOrigin): PreparedRecord {
  const { after, closed } = tail.next;
  return prepareRecord(
    at,
    'recovery',
    {
      why: cause.why,
      error: cause.error,
      confirmed: cause.confirmed,
      durable: cause.durable,
      // Whole records that stand behind the confirmed one: they are kept, though nobody may have been told of them.
      added: Math.max(0, after.seq - cause.confirmed),
      missing: Math.max(0, cause.announced - after.seq),
      fragment: tail.fragment === null ? null : { ...tail.fragment },
      newline_added: !closed,
      refused: cause.refused,
      unrecorded: cause.unrecorded,
      refusing: cause.refusing,
      since: cause.since,
    },
    {},
  );
}
