import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { type Chain, type Fault, followChain } from './chain.ts';
import { diagnose } from './diagnose.ts';
import { EMPTY_HEAD, type Head, type HeadNote, openHeadNote, readHeadNote } from './head-note.ts';
import { readLines } from './lines.ts';

export interface FirstBad {
  /** The number of the record that should stand there. */
  readonly seq: number;
  /** Line number in the file, from 1. */
  readonly line: number;
  readonly what: Fault;
  readonly detail: string;
}

export interface VerifyResult {
  readonly ok: boolean;
  /** Records proven, from the first on. */
  readonly records: number;
  readonly firstBad: FirstBad | null;
  /** Recovery records among them. */
  readonly recoveries: number;
}

/** How often the note and the log's end are read again, by default, while a daemon is writing. */
export const REREADS_DEFAULT = 40;
/** Milliseconds between two such readings: a group takes a few, so the default waits for a stalled disk for a second. */
export const REREAD_WAIT_MS = 25;

/**
 * Proves a log against the head note of the monitor's state: every record is unchanged and linked to the one before,
 * and the log ends where the note says (invariant 12). Everything that stood in the log when the reading began is
 * proven, also while a daemon writes; a log whose end stays elsewhere than both heads of the note is bad.
 * Bytes that are no record pass only where the next record is a recovery that declares exactly them (A2).
 *
 * @param options.rereads how often the end is read again (0 or more; default REREADS_DEFAULT, REREAD_WAIT_MS apart)
 * @throws Error "Cannot verify the audit log: …" where a file cannot be read or the note is no note
 */
export async function verifyLog(
  logPath: string,
  headPath: string,
  options: { readonly rereads?: number } = {},
): Promise<VerifyResult> {
  const note = await openHeadNote(headPath).catch((error: unknown) =>
    refuse('the head note cannot be opened', error),
  );
  try {
    const log = await openLog(logPath);
    if (log === null) return await judgeMissingLog(note);
    try {
      return await verifyOpen(log, note, options.rereads ?? REREADS_DEFAULT);
    } catch (error) {
      refuse(error instanceof Error ? error.message : 'it cannot be read', error);
    } finally {
      await log.close();
    }
  } finally {
    await note.close();
  }
}

function refuse(why: string, cause: unknown): never {
  throw new Error(`Cannot verify the audit log: ${why}`, { cause });
}

async function openLog(path: string): Promise<FileHandle | null> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if ((await file.stat()).isFile()) return file;
    await file.close();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    refuse('it cannot be opened', error);
  }
  return refuse('it is not a regular file', undefined);
}

async function judgeMissingLog(file: FileHandle): Promise<VerifyResult> {
  const note = await readHeadNote(file).catch((error: unknown) =>
    refuse('the head note is not valid', error),
  );
  const { standing, writing } = note;
  const firstBad = { seq: 1, line: 1, what: 'missing', detail: 'the log does not exist' } as const;
  const isNew = standing.seq === 0 && writing === null;
  return { ok: isNew, records: 0, firstBad: isNew ? null : firstBad, recoveries: 0 };
}

async function verifyOpen(log: FileHandle, noteFile: FileHandle, rereads: number): Promise<VerifyResult> {
  const chain = followChain(EMPTY_HEAD);
  const sizeAtBegin = (await log.stat()).size;
  for (let reread = 0; ; reread += 1) {
    const note = await readHeadNote(noteFile);
    const bad = await followTo(log, chain, note.standing);
    if (bad !== null) return result(chain, bad);
    // Enough is proven once the daemon itself has confirmed all that stood there when the reading began.
    const { size } = await log.stat();
    if (size === chain.head.bytes || (reread > 0 && sizeAtBegin <= chain.head.bytes))
      return result(chain, null);
    const unchanged = sameNote(note, await readHeadNote(noteFile));
    // Nothing was being written before and after the look at the size: no daemon can have made what is there besides.
    if ((unchanged && note.writing === null) || reread >= rereads) return await judgeTail(log, chain, note);
    if (unchanged) await wait(REREAD_WAIT_MS);
  }
}

function sameNote(one: HeadNote, other: HeadNote): boolean {
  return one.standing.hash === other.standing.hash && one.writing?.hash === other.writing?.hash;
}

/** Follows the chain exactly as far as `standing`, which must be on it. */
async function followTo(log: FileHandle, chain: Chain, standing: Head): Promise<FirstBad | null> {
  const { size } = await log.stat();
  await readLines(log, chain.head.bytes, Math.min(size, standing.bytes), (line) => chain.take(line));
  const { head, line, problem } = chain;
  if (problem !== null) {
    const finding = await diagnose(log, size, chain, problem, standing);
    const isCut = problem.what === 'torn' && size < standing.bytes;
    if (isCut) return bad(problem.seq, problem.line, 'truncated', 'the log ends within this record');
    if (problem.what === 'torn')
      return bad(finding.seq, finding.line, 'edited', 'its line does not end where it did');
    return bad(finding.seq, finding.line, finding.what, finding.detail);
  }
  if (head.seq === standing.seq && head.hash === standing.hash && head.bytes === standing.bytes) return null;
  if (head.seq < standing.seq) {
    return bad(
      head.seq + 1,
      line + 1,
      'truncated',
      `the log ends here; record ${standing.seq} was the last one`,
    );
  }
  return bad(head.seq, line, 'head-mismatch', `the head note knows another record ${standing.seq}`);
}

/** Judges what stands behind the confirmed head when no daemon goes on to confirm it. */
async function judgeTail(log: FileHandle, chain: Chain, note: HeadNote): Promise<VerifyResult> {
  const confirmed = { seq: chain.head.seq + 1, line: chain.line + 1 };
  const { size } = await log.stat();
  await readLines(log, chain.head.bytes, size, (line) => chain.take(line));
  const { head, problem } = chain;
  if (problem !== null && note.writing !== null && problem.what === 'torn') {
    return result(chain, bad(problem.seq, problem.line, 'torn', problem.detail));
  }
  // A daemon that was ended between its write and its note leaves the log at the other head that it had named.
  if (problem === null && head.hash === note.writing?.hash) return result(chain, null);
  const detail =
    note.writing === null
      ? 'the head note does not know it: another program wrote it'
      : 'the head note does not confirm it: a daemon ended while writing (its next start will declare it) or another program wrote it';
  return {
    ...result(chain, bad(confirmed.seq, confirmed.line, 'appended', detail)),
    records: confirmed.seq - 1,
  };
}

function bad(seq: number, line: number, what: Fault, detail: string): FirstBad {
  return { seq, line, what, detail };
}

function result(chain: Chain, firstBad: FirstBad | null): VerifyResult {
  const records = firstBad === null ? chain.head.seq : Math.min(chain.head.seq, firstBad.seq - 1);
  return { ok: firstBad === null, records, firstBad, recoveries: chain.recoveries };
}
