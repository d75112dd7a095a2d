import { constants, type Stats } from 'node:fs';
import { type FileHandle, rename } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Head } from '../../shared/audit/head-note.ts';
import { type PreparedRecord, prepareRecord, type RecordTime } from '../../shared/audit/record.ts';
import { compressedPath, segmentPath } from '../../shared/audit/segments.ts';
import { createOwnFile, LOG_MODE, lstatOrNull, openOwnFile, syncFolder } from './log-file.ts';
import { StorageFailure } from './unavailable.ts';

/** O_APPEND: what is there cannot be written over, not even after a mistake about an offset. */
export const LOG_FLAGS = constants.O_RDWR | constants.O_APPEND;
export const CALLED_LOG = 'the log';

/** `unfinished`: an earlier daemon began it. */
export type RotationReason = 'size' | 'age' | 'recovery' | 'unfinished';

/** A segment to which nothing is written any more. */
export interface ClosedSegment {
  readonly name: string;
  /** Numbers of its first and last record. */
  readonly first: number;
  readonly last: number;
  readonly bytes: number;
}

/** The segment that begins with record `first` and ends with `head`. */
export function describeClosed(path: string, first: number, head: Head): ClosedSegment {
  return { name: basename(segmentPath(path, first)), first, last: head.seq, bytes: head.bytes };
}

/** The first record of a new segment says what the segment before it was, so that one that is missing has a name. */
export function rotationRecord(closed: ClosedSegment, why: RotationReason, at: RecordTime): PreparedRecord {
  const { name, first, last, bytes } = closed;
  return prepareRecord(
    at,
    'rotation',
    { previous: { name, first_seq: first, last_seq: last, bytes }, why },
    {},
  );
}

/**
 * Gives the file that was written to the name of a closed segment, and makes an empty one in its place. Both names are on
 * disk when it settles. An attempt that failed midway goes on where it ended.
 *
 * @param first the number of the first record in `log`
 * @throws StorageFailure where either name stands for another file, and what the system throws
 */
export async function replaceFile(path: string, first: number, log: FileHandle): Promise<FileHandle> {
  const closed = segmentPath(path, first);
  const own = await log.stat();
  if (isSame(own, await lstatOrNull(path))) {
    for (const name of [closed, compressedPath(closed)]) {
      if ((await lstatOrNull(name)) !== null)
        throw new StorageFailure('rotate', `${basename(name)} is there already`);
    }
    await rename(path, closed);
  } else if (!isSame(own, await lstatOrNull(closed))) {
    throw new StorageFailure('changed', 'another file stands in the place of the log');
  }
  return openEmpty(path);
}

function isSame(one: Stats, other: Stats | null): boolean {
  return other !== null && one.ino === other.ino && one.dev === other.dev;
}

/** Opens the file that is written to where it is there and empty, or makes it. Throws Error where it is not empty. */
export async function openEmpty(path: string): Promise<FileHandle> {
  const file = { path, called: CALLED_LOG, mode: LOG_MODE };
  const found = await openOwnFile(file, LOG_FLAGS);
  if (found === null) return createOwnFile(file, LOG_FLAGS, Buffer.alloc(0));
  try {
    const { size } = await found.stat();
    if (size > 0) throw new Error(`the log is ${size} bytes long where a rotation had made an empty one`);
    // The attempt that made it may have ended before it had its mode.
    await found.chmod(LOG_MODE);
    await found.sync();
    await syncFolder(path);
    return found;
  } catch (error) {
    await found.close();
    throw error;
  }
}
