import type { FileHandle } from 'node:fs/promises';
import { encodeNotice } from '../../boundary/notices.ts';
import { encodeHeadNote, type Head, writeHeadNote } from '../../shared/audit/head-note.ts';
import type { Addition } from './addition.ts';
import { changed } from './append-failure.ts';
import { FOUND } from './append-in-order.ts';
import type { Appender, GivenUp } from './appender.ts';
import { LOG_MODE, openOwnFile, writeAgain } from './log-file.ts';
import { CALLED_LOG, type ClosedSegment, describeClosed, LOG_FLAGS, replaceFile } from './rotation.ts';
import { readBytes, readTail, standsAt, type Tail } from './tail.ts';
import { asFailure, atStage, type FailedStage, StorageFailure } from './unavailable.ts';

/** The log and its head note, open. One step at a time: no two may be under way. */
export interface LogStore {
  /** The number of the first record of the segment that is written to. */
  readonly segment: number;
  readonly head: Head;
  readonly durable: Head;
  /** Whether the note is still to say that nothing is being written. */
  readonly unsettled: boolean;
  /** Whether a rotation has begun and failed midway: nothing can be written until it is finished. */
  readonly isRotating: boolean;
  /**
   * Notes where the addition will end, writes all of it and, if asked, has it on disk.
   * @returns whether its notice was given
   * @throws StorageFailure
   */
  add(addition: Addition): Promise<boolean>;
  /** Gives up the addition that is under way, as `Appender.giveUp` does. */
  giveUp(): GivenUp;
  /** Notes that nothing is being written. Throws StorageFailure. */
  settle(): Promise<void>;
  /**
   * Closes the segment, which holds a record, and begins the next, or goes on with a rotation that failed. Throws
   * StorageFailure.
   */
  rotate(): Promise<ClosedSegment>;
  /** Opens the log again and reads what of the last addition is there. Throws StorageFailure. */
  reread(): Promise<Tail>;
  /** Has everything on disk, notes it, and closes the files. Throws StorageFailure. */
  close(): Promise<void>;
  /** Closes the files as they are: what is not in order is for the next start. */
  abandon(): Promise<void>;
}

export interface OpenFiles {
  readonly path: string;
  readonly boot: string;
  readonly segment: number;
  readonly log: FileHandle;
  readonly note: FileHandle;
  readonly durable: Head;
  readonly tail: Tail;
}

/** Takes over files that stand at `tail`. */
export function holdStore(files: OpenFiles, appender: Appender): LogStore {
  const { path, boot, note } = files;
  let { log, segment, durable } = files;
  /** What tells `log` from any other file. */
  let own: { readonly ino: number; readonly dev: number } | null = null;
  let isRotating = false;
  /** What is being done with an addition. */
  let underWay: 'nothing' | 'looked at' | 'given up' | 'appended' = 'nothing';
  /** Whether an fdatasync failed since the last that did not: what stands behind `durable` may never come to disk. */
  let isDoubtful = false;
  let head = files.tail.head;
  let unsettled = false;
  /** What may stand behind `head`: `rest` does; `attempt` may, in part. Nobody else writes, so nothing else is taken up. */
  let rest = files.tail.rest;
  let attempt: Buffer = Buffer.alloc(0);

  function noteHeads(writing: Head | null): Promise<void> {
    return atStage('note', writeHeadNote(note, { boot, segment, durable, standing: head, writing }));
  }

  async function add({ bytes, target, sync, notice }: Addition): Promise<boolean> {
    underWay = 'looked at';
    own ??= await atStage('open', log.stat());
    if (isGivenUp()) throw new StorageFailure('open', 'it was given up');
    underWay = 'appended';
    const noted = { boot, segment };
    const after = { durable: sync ? target : durable, standing: target };
    const appended = {
      ...{ log: log.fd, note: note.fd, records: bytes, sync },
      expected: { ino: own.ino, dev: own.dev, size: head.bytes + rest.length },
      announcing: encodeHeadNote({ ...noted, durable, standing: head, writing: target }),
      settled: encodeHeadNote({ ...noted, ...after, writing: null }),
    };
    const pipe = notice?.pipe.take() ?? null;
    let isTold: boolean;
    try {
      const told = notice === null || pipe === null ? null : { pipe, bytes: encodeNotice(notice.serials) };
      const { isSettled, ...outcome } = await appender.append({ ...appended, notice: told });
      unsettled = !isSettled;
      isTold = outcome.isTold;
    } catch (error) {
      keepInMind(asFailure(error).stage, bytes);
      throw error;
    } finally {
      underWay = 'nothing';
      if (pipe !== null) notice?.pipe.giveBack();
    }
    if (sync) isDoubtful = false;
    head = target;
    durable = after.durable;
    rest = Buffer.alloc(0);
    return isTold;
  }

  function giveUp(): GivenUp {
    if (underWay === 'appended') return appender.giveUp();
    underWay = 'given up';
    return 'given-up';
  }

  function isGivenUp(): boolean {
    return underWay === 'given up';
  }

  /** What is left by an addition that failed: all that comes before the stage was done, nothing that comes after it. */
  function keepInMind(failed: FailedStage, bytes: Buffer): void {
    if (failed === 'note' || failed === 'write' || failed === 'sync') unsettled = true;
    if (failed === 'write' || failed === 'sync') attempt = bytes;
    if (failed === 'sync') isDoubtful = true;
  }

  async function syncLog(): Promise<void> {
    isDoubtful = true;
    await atStage('sync', log.datasync());
    isDoubtful = false;
  }

  async function settle(): Promise<void> {
    await noteHeads(null);
    unsettled = false;
  }

  async function rotate(): Promise<ClosedSegment> {
    if (!isRotating) {
      await syncLog();
      durable = head;
      await settle();
      isRotating = true;
    }
    const next = await atStage('rotate', replaceFile(path, segment, log));
    const begin = { ...head, bytes: 0 };
    try {
      await atStage('rotate', noteSegment(begin));
    } catch (error) {
      await next.close();
      throw error;
    }
    const closed = describeClosed(path, segment, head);
    await closeFailed(log);
    log = next;
    own = null;
    segment = head.seq + 1;
    head = durable = begin;
    isRotating = false;
    return closed;
  }

  /** On disk before its first record: else a power cut could leave records that the note knows nothing of. */
  async function noteSegment(begin: Head): Promise<void> {
    const heads = { durable: begin, standing: begin, writing: null };
    await writeHeadNote(note, { boot, segment: begin.seq + 1, ...heads });
    await note.datasync();
  }

  async function reread(): Promise<Tail> {
    const again = await atStage('open', openOwnFile({ path, called: CALLED_LOG, mode: LOG_MODE }, LOG_FLAGS));
    if (again === null) throw changed(FOUND.nothing, head.bytes);
    try {
      const tail = await atStage('open', readUntouchedTail(again));
      if (isDoubtful) await atStage('write', writeAgain(path, durable.bytes));
      const failed = log;
      log = again;
      await closeFailed(failed);
      ({ head, rest } = tail);
      attempt = Buffer.alloc(0);
      return tail;
    } catch (error) {
      await again.close();
      throw error;
    }
  }

  async function readUntouchedTail(again: FileHandle): Promise<Tail> {
    const [now, before] = await Promise.all([again.stat(), log.stat()]);
    if (now.ino !== before.ino || now.dev !== before.dev) throw changed(FOUND.anotherFile, head.bytes);
    const known = Buffer.concat([rest, attempt]);
    // One byte more than can be there shows a log that is too long.
    const found = await readBytes(again, head.bytes, known.length + 1);
    const isPrefix = found.length >= rest.length && known.subarray(0, found.length).equals(found);
    if (!isPrefix || !(await standsAt(again, head))) {
      throw new StorageFailure('changed', `the log is not as it was left after record ${head.seq}`);
    }
    // All that may be lost is read: a page that never came to disk may show what stood there before.
    return readTail(again, isDoubtful ? durable : head);
  }

  async function close(): Promise<void> {
    try {
      await syncLog();
      durable = head;
      await settle();
    } finally {
      await abandon();
    }
  }

  async function abandon(): Promise<void> {
    appender.stop();
    await Promise.allSettled([log.close(), note.close()]);
  }

  return {
    get segment() {
      return segment;
    },
    get head() {
      return head;
    },
    get durable() {
      return durable;
    },
    get unsettled() {
      return unsettled;
    },
    get isRotating() {
      return isRotating;
    },
    giveUp,
    ...{ add, settle, rotate, reread, close, abandon },
  };
}

/** Closes a descriptor of which nothing more is wanted. close(2) may report once more what failed on it before. */
async function closeFailed(log: FileHandle): Promise<void> {
  await Promise.allSettled([log.close()]);
}
