import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditFields } from '../../../shared/audit/fields.ts';
import type { Head } from '../../../shared/audit/head-note.ts';
import { NO_HASH, prepareRecord, type RecordOrigin, sealRecord } from '../../../shared/audit/record.ts';
import { isRecord } from '../../state-file.ts';
import { errorCode } from '../unavailable.ts';

/** Why a log begins anew. */
export type ResetReason = 'asked' | 'another-machine';

/** A record of the old chain. */
export interface PreviousRecord {
  readonly seq: number;
  readonly hash: string;
}

/**
 * What a reset will do, noted before it does anything: a start after a crash goes on with the same plan, and writes the
 * same first record.
 */
export interface ResetPlan {
  readonly why: ResetReason;
  /** Who asked, and why; null where nobody did, or gave no reason. */
  readonly uid: number | null;
  readonly reason: string | null;
  /** The last record found in the old log, and the last one that the head note knew; null where there was none. */
  readonly previous: PreviousRecord | null;
  readonly noted: PreviousRecord | null;
  /** Name of the folder beside the log that the old files go to; null: there are none. */
  readonly keptIn: string | null;
  readonly at: RecordOrigin;
  /** Whether the old files have all been moved, so that what stands there is the new chain's. */
  readonly moved: boolean;
}

export const RESET_PLAN_FILE = 'audit-reset-plan';
const PLAN_BYTES_MAXIMUM = 8192;

export function encodePlan(plan: ResetPlan): string {
  return `${JSON.stringify({ version: 1, ...plan })}\n`;
}

/**
 * Reads the plan of a reset that was cut short; null for none.
 * @throws Error where it is not what is written: it is the daemon's own, so nothing else may have changed it
 */
export function readPlan(stateFolder: string): ResetPlan | null {
  const path = join(stateFolder, RESET_PLAN_FILE);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
  const plan = text.length > PLAN_BYTES_MAXIMUM ? null : decodePlan(text);
  if (plan === null || encodePlan(plan) !== text) throw new Error(`${path} is not what driverd wrote`);
  return plan;
}

function decodePlan(text: string): ResetPlan | null {
  const value = parse(text);
  if (!isRecord(value)) return null;
  const { why, uid, reason, previous, noted, keptIn, at, moved } = value;
  if (why !== 'asked' && why !== 'another-machine') return null;
  if (typeof moved !== 'boolean' || !isTime(at)) return null;
  if (!isNullOr(uid, 'number') || !isNullOr(reason, 'string') || !isNullOr(keptIn, 'string')) return null;
  if (!isPrevious(previous) || !isPrevious(noted)) return null;
  return { why, uid, reason, previous, noted, keptIn, at, moved };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function isNullOr(value: unknown, type: 'number'): value is number | null;
function isNullOr(value: unknown, type: 'string'): value is string | null;
function isNullOr(value: unknown, type: string): boolean {
  return value === null || typeof value === type;
}

function isPrevious(value: unknown): value is PreviousRecord | null {
  return (
    value === null ||
    (isRecord(value) && typeof value['seq'] === 'number' && typeof value['hash'] === 'string')
  );
}

function isTime(value: unknown): value is RecordOrigin {
  return (
    isRecord(value) &&
    typeof value['time'] === 'string' &&
    typeof value['monotonicNanoseconds'] === 'string' &&
    typeof value['boot'] === 'string'
  );
}

/** The first record of the new chain: the same bytes each time. */
export function firstRecord(plan: ResetPlan): { readonly line: Buffer; readonly head: Head } {
  const { why, uid, reason, previous, noted, keptIn, at } = plan;
  const facts: AuditFields = {
    ...{ why, uid, reason },
    previous: previous === null ? null : { ...previous },
    noted: noted === null ? null : { ...noted },
    kept_in: keptIn,
  };
  const { line, hash } = sealRecord(prepareRecord(at, 'audit-reset', facts, {}), 1, NO_HASH);
  const bytes = Buffer.from(line);
  return { line: bytes, head: { seq: 1, hash, bytes: bytes.length } };
}
