import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { basename, join } from 'node:path';
import {
  EMPTY_HEAD,
  encodeHeadNote,
  HEAD_NOTE_FILE,
  type Head,
  type HeadNote,
  readHeadNote,
} from '../../shared/audit/head-note.ts';
import { listSegments, segmentPath } from '../../shared/audit/segments.ts';
import { createOwnFile, createWholeFile, LOG_MODE, openOwnFile, STATE_MODE } from './log-file.ts';
import { LogNotKnown } from './log-not-known.ts';
import type { RecoveryCause } from './recovery.ts';
import { CALLED_LOG, type ClosedSegment, describeClosed, LOG_FLAGS } from './rotation.ts';
import type { OpenFiles } from './store.ts';
import { emptyTail, readTail, standsAt, type Tail } from './tail.ts';
import { finishRotation, previousSegment } from './unfinished-rotation.ts';

/** The log's files as they were found. */
export interface TakenUp {
  readonly files: OpenFiles;
  /** null where the log ends exactly as the note says. */
  readonly recovery: RecoveryCause | null;
  /** What an earlier run closed, where the segment that follows has no record of it yet. */
  readonly rotation: ClosedSegment | null;
}

type Places = Pick<OpenFiles, 'path' | 'boot'>;
/** Notes a handle, so that it is closed where the log is refused. */
type Keep = <Handle extends FileHandle | null>(handle: Handle) => Handle;

const NEWLINE = 0x0a;
const CALLED_NOTE = 'the head note';

/**
 * Opens the log of an earlier run where its head note says it ends, or makes both where there is neither. Reads from
 * the last head that is sure, never the whole log. A rotation that was cut short is finished. Throws Error with the
 * reason where the log is not what a daemon, a crash or a power cut can have left.
 */
export async function takeUpLog(path: string, stateFolder: string, boot: string): Promise<TakenUp> {
  const noteFile = { path: join(stateFolder, HEAD_NOTE_FILE), called: CALLED_NOTE, mode: STATE_MODE };
  const opened: FileHandle[] = [];
  const keep: Keep = (handle) => {
    if (handle !== null) opened.push(handle);
    return handle;
  };
  try {
    const note = keep(await openOwnFile(noteFile, constants.O_RDWR));
    if (note !== null) return await takeUpNoted({ path, boot }, note, keep);
    if ((await listSegments(path)).length > 0)
      throw new LogNotKnown('the log exists and its head note is missing');
    const fresh = { boot, segment: 1, durable: EMPTY_HEAD, standing: EMPTY_HEAD, writing: null };
    // The note first: a log without a note would be refused at the next start.
    const made = keep(await createWholeFile(noteFile, constants.O_RDWR, encodeHeadNote(fresh)));
    return await beginLog({ path, boot }, made, keep);
  } catch (error) {
    await Promise.allSettled(opened.map((handle) => handle.close()));
    throw error;
  }
}

async function takeUpNoted({ path, boot }: Places, note: FileHandle, keep: Keep): Promise<TakenUp> {
  const noted = await readHeadNote(note);
  const { segment, standing, writing } = noted;
  const openLog = async (name: string): Promise<FileHandle | null> =>
    keep(await openOwnFile({ path: name, called: CALLED_LOG, mode: LOG_MODE }, LOG_FLAGS));
  const unknown = (await listSegments(path)).find(({ first }) => (first ?? 0) > segment);
  if (unknown !== undefined) throw new Error(`its head note knows nothing of ${basename(unknown.path)}`);
  const renamed = await openLog(segmentPath(path, segment));
  if (renamed !== null) {
    const { tail, recovery } = await judge(renamed, noted, boot);
    const rotation = describeClosed(path, segment, tail.head);
    const files = await finishRotation({ path, boot }, note, tail);
    await renamed.close();
    return { files, recovery, rotation };
  }
  const log = await openLog(path);
  if (log === null) {
    const isNew = standing.seq === 0 && writing === null && (await listSegments(path)).length === 0;
    if (isNew) return beginLog({ path, boot }, note, keep);
    throw new Error(`the log is missing and its head note knows ${(writing ?? standing).seq} records`);
  }
  const { tail, recovery } = await judge(log, noted, boot);
  const durable = smaller(noted.durable, tail.head);
  const hasNoRecord = segment > 1 && tail.head.bytes === 0 && tail.rest.length === 0;
  const rotation = hasNoRecord ? await previousSegment(path, tail.head) : null;
  return { files: { path, boot, segment, log, note, durable, tail }, recovery, rotation };
}

async function beginLog({ path, boot }: Places, note: FileHandle, keep: Keep): Promise<TakenUp> {
  const file = { path, called: CALLED_LOG, mode: LOG_MODE };
  const log = keep(await createOwnFile(file, LOG_FLAGS, Buffer.alloc(0)));
  const files = { path, boot, segment: 1, log, note, durable: EMPTY_HEAD, tail: emptyTail(EMPTY_HEAD) };
  return { files, recovery: null, rotation: null };
}

async function judge(
  log: FileHandle,
  noted: HeadNote,
  boot: string,
): Promise<{ readonly tail: Tail; readonly recovery: RecoveryCause | null }> {
  const start = await sureHead(log, noted, boot);
  const tail = await readTail(log, start, {
    see: (head) => requireAnnounced(head, noted, boot),
    mayHaveHoles: noted.boot !== boot,
  });
  requireAnnounced(tail.next.after, noted, boot);
  requireOneTear(tail, noted, boot);
  return { tail, recovery: whatToDeclare(noted, tail, boot) };
}

/**
 * The head from which the log is read on. Within one boot the standing one. After another the log may lack anything that
 * was never synced, its middle as well as its end, and the note may be older than the log: so it is read from the last
 * head that was on disk, and the recovery record says what is missing.
 */
async function sureHead(log: FileHandle, noted: HeadNote, boot: string): Promise<Head> {
  const { size } = await log.stat();
  const head = noted.boot === boot ? noted.standing : noted.durable;
  if (size < head.bytes) throw new Error(`the log is ${size} bytes long and was ${head.bytes}`);
  if (!(await standsAt(log, head)))
    throw new Error(`record ${head.seq} is not the one that the head note knows`);
  return head;
}

/** Within one boot the page cache keeps log and note in step: what was announced is what was written. */
function requireAnnounced(head: Head, { writing, boot: notedBoot }: HeadNote, boot: string): void {
  if (writing !== null && notedBoot === boot && head.seq === writing.seq && head.hash !== writing.hash) {
    throw new Error(`record ${head.seq} is not the one that the head note announced`);
  }
}

/** Lines that are no records stand only where a recovery record was cut short, and that was announced. */
function requireOneTear(
  { head, fragment, rest }: Tail,
  { writing, boot: notedBoot }: HeadNote,
  boot: string,
): void {
  if (fragment !== null && writing === null && notedBoot === boot && rest.includes(NEWLINE)) {
    throw new Error(`a line that is no record stands behind record ${head.seq}`);
  }
}

function smaller(one: Head, other: Head): Head {
  return one.bytes < other.bytes ? one : other;
}

function whatToDeclare(noted: HeadNote, tail: Tail, boot: string): RecoveryCause | null {
  const { standing, writing, durable } = noted;
  if (writing === null && tail.rest.length === 0 && tail.head.hash === standing.hash) return null;
  return {
    why: noted.boot === boot ? 'ended' : 'rebooted',
    error: null,
    confirmed: standing.seq,
    durable: Math.min(durable.seq, tail.head.seq),
    announced: (writing ?? standing).seq,
    refused: 0,
    unrecorded: 0,
    refusing: false,
    since: null,
  };
}
