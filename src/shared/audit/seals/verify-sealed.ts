import { existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { SeeRecord } from '../chain.ts';
import type { AuditFields } from '../fields.ts';
import { HEAD_NOTE_FILE } from '../head-note.ts';
import { REREAD_WAIT_MS } from '../next-segment.ts';
import { parseRecord } from '../record.ts';
import { sealsPath, segmentPath } from '../segments.ts';
import { type FirstBad, REREADS_DEFAULT, type VerifyResult, verifyLog } from '../verify.ts';
import { judgeByState } from './judge-by-state.ts';
import { KEY_BLOCK_FILE } from './key-block.ts';
import { matchSeals, type SealMatch } from './match-seals.ts';
import { openSealReader, type SealReader } from './read-seals.ts';
import type { Seal } from './seal.ts';
import { fingerprintOf, type VerificationKey } from './verification-key.ts';

/** What the seals of a log prove. */
export interface SealsResult {
  /** Seals whose records stand in the log as they were sealed. */
  readonly count: number;
  /** The last of them: all records up to its own are proven by it. null: there is none. */
  readonly last: Pick<Seal, 'epoch' | 'seq' | 'time'> | null;
  /** The first key: who was given none trusts it on sight, and has to compare it. */
  readonly firstKey: VerificationKey | null;
  /** The last `seal` record, where its seal is not there (yet). */
  readonly awaited: number | null;
}

export interface SealedResult extends VerifyResult {
  /**
   * The last record that is proven, 0 for none: it and all before it are as they were written. In a log with a fault a
   * chain alone proves nothing, since what stands before the fault may have been chained anew: only what is sealed counts.
   */
  readonly proven: number;
  /** null: the log has no seals. */
  readonly seals: SealsResult | null;
  /** What its first record says, where that is a reset: another log stood in its place before. */
  readonly reset: AuditFields | null;
}

export interface SealedOptions {
  /** The monitor's state folder; null: its reader has none, so that only what is sealed is proven. */
  readonly state: string | null;
  /** Keys that were kept elsewhere; empty: the first key is trusted on sight. */
  readonly keys: readonly VerificationKey[];
  /** As `verifyLog` has it. */
  readonly isPart?: boolean;
  readonly rereads?: number;
  /** Is given each record that the chain has proven. */
  readonly see?: SeeRecord;
}

/**
 * Proves a log as `verifyLog` does and holds it against its seals in the same reading: every seal was made in its epoch, by
 * the key that the one before it named, none is missing, and each is of its record as that stands there (invariant 12, A7).
 *
 * @throws Error "Cannot verify the audit log: …" where a file cannot be read, or there is nothing to prove the log by
 */
export async function verifySealedLog(path: string, options: SealedOptions): Promise<SealedResult> {
  const seals = openSeals(sealsPath(path), options.keys);
  let reset: AuditFields | null = null;
  const watch: SeeRecord = (link, line, file, number) => {
    if (link.seq === 1 && link.event === 'audit-reset') reset = parseRecord(line.bytes).facts;
    options.see?.(link, line, file, number);
  };
  if (seals === null) {
    const unsealed = await verifyUnsealed(path, options, watch);
    return { ...unsealed, seals: null, reset };
  }
  try {
    const sealed = await verifyBySeals(path, options, seals, watch);
    return { ...sealed, reset };
  } finally {
    seals.close();
  }
}

async function verifyBySeals(
  path: string,
  { state, keys, isPart = false, rereads = REREADS_DEFAULT }: SealedOptions,
  seals: SealReader,
  watch: SeeRecord,
): Promise<Omit<SealedResult, 'reset'>> {
  // What stands there now was sealed before the log is read.
  const known = statSync(sealsPath(path)).size;
  const match = matchSeals(seals);
  const see: SeeRecord = (link, line, file, number) => {
    watch(link, line, file, number);
    match.see(link, line, file, number);
  };
  const log = await verifyLog(path, headOf(state), { rereads, isPart, see });
  if (log.firstBad === null) match.end(lastOf(log), isPart ? 0 : known);
  const byState = state === null ? null : await ofState(match, seals, state, rereads);
  const removal = state !== null || isPart ? null : ofRemoval(path, log, match);
  const bad =
    ofMatch(match, log.firstBad) ?? log.firstBad ?? byState ?? ofKeys(match, seals, keys) ?? removal;
  // Who has neither a key that was kept nor the state trusts the seals on sight.
  const isKept = keys.some(({ epoch }) => epoch <= (seals.last?.epoch ?? 0));
  const isTrusted = isKept || (keys.length === 0 && byState === null);
  // Proven is everything up to a record: nothing behind one that is missing.
  const sealed = isTrusted ? Math.min(match.proven?.seq ?? 0, (bad?.seq ?? Infinity) - 1) : 0;
  const proven = bad === null && state !== null ? lastOf(log) : sealed;
  return { ...sealedResult(log, match, seals, bad), proven };
}

function headOf(state: string | null): string | null {
  return state === null ? null : join(state, HEAD_NOTE_FILE);
}

function openSeals(path: string, keys: readonly VerificationKey[]): SealReader | null {
  try {
    return openSealReader(path, keys);
  } catch (error) {
    throw new Error('Cannot verify the audit log: the file of its seals cannot be opened', { cause: error });
  }
}

/** A log that was never sealed is proven by the state alone. */
async function verifyUnsealed(
  path: string,
  { state, keys, isPart = false, rereads = REREADS_DEFAULT }: SealedOptions,
  watch: SeeRecord,
): Promise<Omit<SealedResult, 'seals' | 'reset'>> {
  const name = basename(sealsPath(path));
  if (state === null) {
    throw new Error(
      `Cannot verify the audit log: there is no ${name}, and no state folder to prove the log by`,
    );
  }
  let sealed: FirstBad | null = null;
  const see: SeeRecord = (link, line, segment, number) => {
    watch(link, line, segment, number);
    if (link.event !== 'seal') return;
    const detail = `its seal is missing: there is no ${name}`;
    sealed ??= { segment, seq: link.seq, line: number, what: 'missing', detail };
  };
  const log = await verifyLog(path, headOf(state), { rereads, isPart, see });
  const hasKeys = keys.length > 0 || existsSync(join(state, KEY_BLOCK_FILE));
  const none: FirstBad = {
    ...{ segment: name, seq: log.begins, line: 1 },
    ...{ what: 'missing', detail: 'the seals do not exist' },
  };
  const bad = log.firstBad ?? sealed ?? (hasKeys && log.records > 0 ? none : null);
  return { ...log, ok: bad === null, firstBad: bad, proven: bad === null ? lastOf(log) : 0 };
}

function lastOf({ begins, records }: VerifyResult): number {
  return begins + records - 1;
}

/** A fault between log and seals, unless the log's own comes before it. */
function ofMatch({ problem }: SealMatch, ofLog: FirstBad | null): FirstBad | null {
  if (problem === null || (ofLog !== null && ofLog.seq < problem.seq)) return null;
  const { file: segment, seq, line, what, detail } = problem;
  return { segment, seq, line, what, detail };
}

/**
 * What retention removed it removed behind a seal of the record that says so. Who has no state must not believe one that
 * no seal covers: whoever may write the log could have written it, and have removed the files.
 */
function ofRemoval(
  path: string,
  { begins, removedBy }: VerifyResult,
  { proven }: SealMatch,
): FirstBad | null {
  if (removedBy === null || removedBy <= (proven?.seq ?? 0)) return null;
  const detail = `the log begins with record ${begins}, and no seal covers record ${removedBy}, which says that what was before was removed`;
  return { segment: basename(segmentPath(path, 1)), seq: 1, line: 1, what: 'missing', detail };
}

async function ofState(
  match: SealMatch,
  seals: SealReader,
  state: string,
  rereads: number,
): Promise<FirstBad | null> {
  const problem = await judgeByState(join(state, KEY_BLOCK_FILE), seals, rereads, REREAD_WAIT_MS).catch(
    (error: unknown) => {
      throw new Error('Cannot verify the audit log: the keys of its seals cannot be read', { cause: error });
    },
  );
  return problem === null ? null : behindSeals(match, seals, problem.what, problem.detail);
}

/** Keys of epochs that have no seal: the last seal must name the first of them, and there can be no other. */
function ofKeys(match: SealMatch, seals: SealReader, keys: readonly VerificationKey[]): FirstBad | null {
  const epoch = (seals.last?.epoch ?? 0) + 1;
  for (const kept of keys) {
    if (kept.epoch < epoch) continue;
    if (kept.epoch > epoch) {
      const detail = `the seals end with epoch ${epoch - 1}, and a key of epoch ${kept.epoch} was kept`;
      return behindSeals(match, seals, 'truncated', detail);
    }
    const { next } = seals.last ?? {};
    if (next === undefined) return behindSeals(match, seals, 'missing', 'no seal was made yet');
    if (next.equals(kept.key)) continue;
    const detail = `the key of epoch ${epoch} is ${fingerprintOf(next)}, and the one that was kept is ${fingerprintOf(kept.key)}: it is another log, or one that was made anew`;
    return behindSeals(match, seals, 'resealed', detail);
  }
  return null;
}

function behindSeals(
  { proven }: SealMatch,
  { name, last }: SealReader,
  what: FirstBad['what'],
  detail: string,
): FirstBad {
  return { segment: name, seq: (proven?.seq ?? 0) + 1, line: (last?.epoch ?? 0) + 1, what, detail };
}

function sealedResult(
  log: VerifyResult,
  match: SealMatch,
  seals: SealReader,
  firstBad: FirstBad | null,
): Omit<SealedResult, 'proven' | 'reset'> {
  const { proven, matched, awaited } = match;
  const last = proven === null ? null : { epoch: proven.epoch, seq: proven.seq, time: proven.time };
  const firstKey = seals.first === null ? null : { epoch: seals.first.epoch, key: seals.first.key };
  const isOk = firstBad === null;
  return {
    ...log,
    ...{ ok: isOk, firstBad, tail: isOk ? log.tail : 'unproven' },
    seals: { count: matched, last, firstKey, awaited },
  };
}
