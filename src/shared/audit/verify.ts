import type { FileHandle } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { SeeRecord } from './chain.ts';
import { type HeadNote, openHeadNote, readLiveHeadNote } from './head-note.ts';
import { REREAD_WAIT_MS } from './next-segment.ts';
import { listSegments } from './segments.ts';
import { type FirstBad, type LogWalk, walkLog } from './walk.ts';

export type { FirstBad } from './walk.ts';

export interface VerifyResult {
  readonly ok: boolean;
  /** Records proven, from the first that is there on. */
  readonly records: number;
  /** The number of that first record; more than 1 where retention removed what was before. */
  readonly begins: number;
  /** The record that says that what was before was removed; null: there is none. */
  readonly removedBy: number | null;
  readonly firstBad: FirstBad | null;
  /** Recovery records among them. */
  readonly recoveries: number;
  /** Whether the log is known to end where the monitor left it; else records may have been cut off its end. */
  readonly tail: 'proven' | 'unproven';
}

export interface VerifyOptions {
  /** How often the end is read again (0 or more; default REREADS_DEFAULT, REREAD_WAIT_MS apart). */
  readonly rereads?: number;
  /** Is told of each record that is linked to all before it, so that more can be proven in the same reading. */
  readonly see?: SeeRecord;
  /** Whether the files are a part of a log: what stood before and behind them is not missing. Default: no. */
  readonly isPart?: boolean;
}

/** How often the note and the log's end are read again, by default, while a daemon is writing. */
export const REREADS_DEFAULT = 40;

/**
 * Proves a log over all its segments: every record is unchanged and linked to the one before, from the first record on or
 * from where a retention record says (invariant 12). Against the head note of the monitor's state it also proves that the
 * log ends where the note says. Everything that stood in the log when the reading began is proven, also while a daemon
 * writes, rotates, compresses and removes. Bytes that are no record pass only where the next record is a recovery that
 * declares exactly them (A2).
 *
 * @param logPath the file that is written to; its segments stand beside it
 * @param headPath the head note; null: its reader has none, so what was cut off the log's end cannot be told
 * @throws Error "Cannot verify the audit log: …" where a file cannot be read or the note is no note
 */
export async function verifyLog(
  logPath: string,
  headPath: string | null,
  { rereads = REREADS_DEFAULT, see = () => undefined, isPart = false }: VerifyOptions = {},
): Promise<VerifyResult> {
  const note =
    headPath === null
      ? null
      : await openHeadNote(headPath).catch((error: unknown) =>
          refuse('the head note cannot be opened', error),
        );
  const written = async (): Promise<number | null> =>
    note === null ? null : (await readLiveHeadNote(note)).segment;
  const walk = walkLog({ path: logPath, written, rereads, see });
  try {
    const bad = note === null ? await provePresent(walk, logPath) : await proveNoted(walk, note, rereads);
    const stray = bad ?? (isPart ? null : await walk.judgeFiles());
    return result(walk, stray, note === null ? 'unproven' : 'proven');
  } catch (error) {
    return refuse(error instanceof Error ? error.message : 'it cannot be read', error);
  } finally {
    await Promise.all([walk.close(), note?.close()]);
  }
}

function refuse(why: string, cause: unknown): never {
  throw new Error(`Cannot verify the audit log: ${why}`, { cause });
}

/** Reads all that is there. What is cut off at the end of the file that is written to is not judged: a daemon may be writing it. */
async function provePresent(walk: LogWalk, path: string): Promise<FirstBad | null> {
  for (;;) {
    const opened = await walk.next();
    if (opened === 'end') return walk.first === 0 ? walk.badLog(NO_LOG) : null;
    if (opened !== null) return opened;
    if (!walk.isClosed) {
      const bad = await walk.read(Number.POSITIVE_INFINITY, null, true);
      if (bad !== null) return bad;
      const isWritten = (await listSegments(path)).every(({ first }) => (first ?? 0) < walk.first);
      if (isWritten) return null;
    }
    const cut = await walk.readWhole();
    if (cut !== null) return cut;
  }
}

async function proveNoted(walk: LogWalk, noteFile: FileHandle, rereads: number): Promise<FirstBad | null> {
  /** How far the log reached at the look before. */
  let seen: { readonly segment: number; readonly bytes: number } | null = null;
  for (let reread = 0; ; reread += 1) {
    const note = await readLiveHeadNote(noteFile);
    const { begins } = walk;
    const bad = await followTo(walk, note);
    if (bad !== null) return bad === 'new' ? null : bad;
    // Retention has removed what was to be read: the record that says so may be younger than the note.
    if (walk.begins !== begins && reread < rereads) {
      seen = null;
      continue;
    }
    if (walk.first > note.segment) return walk.badHead('head-mismatch', OLD_NOTE);
    const bytes = (await walk.size()) ?? Number.POSITIVE_INFINITY;
    // Enough is proven once the daemon itself has confirmed all that stood there at an earlier look.
    if (bytes === walk.head.bytes || (seen !== null && reaches(walk, seen))) return null;
    seen = { segment: walk.first, bytes };
    const unchanged = sameNote(note, await readLiveHeadNote(noteFile));
    // Nothing was being written before and after the look at the size: no daemon can have made what is there besides.
    if ((unchanged && note.writing === null) || reread >= rereads) return judgeTail(walk, note);
    if (unchanged) await wait(REREAD_WAIT_MS);
  }
}

function reaches(
  { first, head }: LogWalk,
  seen: { readonly segment: number; readonly bytes: number },
): boolean {
  return first > seen.segment || (first === seen.segment && head.bytes >= seen.bytes);
}

function sameNote(one: HeadNote, other: HeadNote): boolean {
  return one.standing.hash === other.standing.hash && one.writing?.hash === other.writing?.hash;
}

/** Follows the chain exactly as far as the standing head, which must be on it. 'new': nothing was ever written. */
async function followTo(
  walk: LogWalk,
  { segment, standing, writing }: HeadNote,
): Promise<FirstBad | 'new' | null> {
  while (walk.first < segment) {
    const bad = walk.first === 0 ? null : await walk.readWhole();
    if (bad !== null) return bad;
    const opened = await walk.next();
    if (opened === 'end') {
      const isNew = standing.seq === 0 && writing === null;
      return isNew ? 'new' : walk.badLog(NO_LOG);
    }
    if (opened !== null) return opened;
  }
  if (walk.first > segment) return null;
  const bad = await walk.read(standing.bytes, standing, false);
  if (bad?.what === 'torn') {
    const isCut = ((await walk.size()) ?? 0) < standing.bytes;
    return isCut
      ? { ...bad, what: 'truncated', detail: 'the log ends within this record' }
      : { ...bad, what: 'edited', detail: 'its line does not end where it did' };
  }
  if (bad !== null) return bad;
  const { head } = walk;
  if (head.seq === standing.seq && head.hash === standing.hash && head.bytes === standing.bytes) return null;
  return head.seq < standing.seq
    ? walk.badNext('truncated', `the log ends here; record ${standing.seq} was the last one`)
    : walk.badHead('head-mismatch', `the head note knows another record ${standing.seq}`);
}

/** Judges what stands behind the confirmed head when no daemon goes on to confirm it. */
async function judgeTail(walk: LogWalk, note: HeadNote): Promise<FirstBad | null> {
  const confirmed = walk.badNext('appended', WRITTEN_BY_ANOTHER);
  const bad = await walk.read(Number.POSITIVE_INFINITY, null, false);
  if (bad === null && walk.head.seq === note.standing.seq) return null;
  if (bad?.what === 'torn' && note.writing !== null) return bad;
  // A daemon that was ended between its write and its note leaves the log at the other head that it had named.
  if (bad === null && walk.head.hash === note.writing?.hash) return null;
  return note.writing === null ? confirmed : { ...confirmed, detail: PERHAPS_BY_THE_DAEMON };
}

const NO_LOG = 'the log does not exist';
const OLD_NOTE = 'the head note names a segment that stood before it';
const WRITTEN_BY_ANOTHER = 'the head note does not know it: another program wrote it';
const PERHAPS_BY_THE_DAEMON =
  'the head note does not confirm it: a daemon ended while writing (its next start will declare it) or another program wrote it';

function result(walk: LogWalk, firstBad: FirstBad | null, tail: VerifyResult['tail']): VerifyResult {
  const { head, begins, removedBy, recoveries } = walk;
  const last = firstBad === null ? head.seq : Math.min(head.seq, firstBad.seq - 1);
  const records = Math.max(0, last - begins + 1);
  return {
    ok: firstBad === null,
    records,
    ...{ begins, removedBy, firstBad },
    recoveries,
    tail: firstBad === null ? tail : 'unproven',
  };
}
