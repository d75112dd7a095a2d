import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import {
  EMPTY_HEAD,
  encodeHeadNote,
  HEAD_NOTE_FILE,
  type Head,
  type HeadNote,
  readHeadNote,
} from '../../shared/audit/head-note.ts';
import { createOwnFile, LOG_MODE, openOwnFile, STATE_MODE } from './log-file.ts';
import { LogNotKnown } from './log-not-known.ts';
import type { RecoveryCause } from './recovery.ts';
import { CALLED_LOG, LOG_FLAGS, type OpenFiles } from './store.ts';
import { readTail, standsAt, type Tail } from './tail.ts';

/** The log's files as they were found. */
export interface TakenUp {
  readonly files: OpenFiles;
  /** null where the log ends exactly as the note says. */
  readonly recovery: RecoveryCause | null;
}

const NEWLINE = 0x0a;
const CALLED_NOTE = 'the head note';
const NO_TAIL: Tail = {
  head: EMPTY_HEAD,
  rest: Buffer.alloc(0),
  fragment: null,
  next: { after: EMPTY_HEAD, closed: true },
};

/**
 * Opens the log of an earlier run where its head note says it ends, or makes both where there is neither. Reads from
 * the last head that is sure, never the whole log. Throws Error with the reason where the log is not what a daemon, a
 * crash or a power cut can have left.
 */
export async function takeUpLog(path: string, stateFolder: string, boot: string): Promise<TakenUp> {
  const logFile = { path, called: CALLED_LOG, mode: LOG_MODE };
  const noteFile = { path: join(stateFolder, HEAD_NOTE_FILE), called: CALLED_NOTE, mode: STATE_MODE };
  const opened: FileHandle[] = [];
  const keep = <Handle extends FileHandle | null>(handle: Handle): Handle => {
    if (handle !== null) opened.push(handle);
    return handle;
  };
  try {
    const foundNote = keep(await openOwnFile(noteFile, constants.O_RDWR));
    const foundLog = keep(await openOwnFile(logFile, LOG_FLAGS));
    if (foundLog !== null && foundNote === null)
      throw new LogNotKnown('the log exists and its head note is missing');
    const fresh: HeadNote = { boot, durable: EMPTY_HEAD, standing: EMPTY_HEAD, writing: null };
    // The note first: a log without a note would be refused at the next start.
    const note = foundNote ?? keep(await createOwnFile(noteFile, constants.O_RDWR, encodeHeadNote(fresh)));
    const noted = foundNote === null ? fresh : await readHeadNote(foundNote);
    if (foundLog === null && (noted.standing.seq > 0 || noted.writing !== null)) {
      throw new Error(
        `the log is missing and its head note knows ${(noted.writing ?? noted.standing).seq} records`,
      );
    }
    if (foundLog === null) {
      const log = keep(await createOwnFile(logFile, LOG_FLAGS, Buffer.alloc(0)));
      return { files: { path, boot, log, note, durable: EMPTY_HEAD, tail: NO_TAIL }, recovery: null };
    }
    const start = await sureHead(foundLog, noted, boot);
    const tail = await readTail(foundLog, start, (head) => requireAnnounced(head, noted, boot));
    requireAnnounced(tail.next.after, noted, boot);
    requireOneTear(tail, noted, boot);
    const files = { path, boot, log: foundLog, note, durable: smaller(noted.durable, tail.head), tail };
    return { files, recovery: whatToDeclare(noted, tail, boot) };
  } catch (error) {
    await Promise.allSettled(opened.map((handle) => handle.close()));
    throw error;
  }
}

/**
 * The head from which the log is read on. Normally the standing one. After another boot the log may have lost what was
 * never synced: then the last head that was on disk is enough, and the recovery record says what is missing.
 */
async function sureHead(log: FileHandle, noted: HeadNote, boot: string): Promise<Head> {
  const { size } = await log.stat();
  const isCut = size < noted.standing.bytes;
  const head = isCut && noted.boot !== boot ? noted.durable : noted.standing;
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
    since: null,
  };
}
