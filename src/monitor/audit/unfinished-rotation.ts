import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Head, writeHeadNote } from '../../shared/audit/head-note.ts';
import { listSegments } from '../../shared/audit/segments.ts';
import { LOG_MODE, openOwnFile } from './log-file.ts';
import { type ClosedSegment, openEmpty } from './rotation.ts';
import type { OpenFiles } from './store.ts';
import { emptyTail, standsAt, type Tail } from './tail.ts';

/**
 * Finishes a rotation of an earlier run that had given the file its closed name and not noted the next segment. All of
 * the closed one was on disk before that. Throws Error where it is not what a rotation leaves.
 *
 * @param tail how the closed segment ends
 */
export async function finishRotation(
  { path, boot }: Pick<OpenFiles, 'path' | 'boot'>,
  note: FileHandle,
  { head, rest }: Tail,
): Promise<OpenFiles> {
  if (rest.length > 0)
    throw new Error(`the segment that was closed ends within a record, behind record ${head.seq}`);
  const log = await openEmpty(path);
  try {
    const begin = { ...head, bytes: 0 };
    const segment = head.seq + 1;
    await writeHeadNote(note, { boot, segment, durable: begin, standing: begin, writing: null });
    await note.datasync();
    return { path, boot, segment, log, note, durable: begin, tail: emptyTail(begin) };
  } catch (error) {
    await log.close();
    throw error;
  }
}

/** The closed segment that ends with `head`. Throws Error where the last one does not. */
export async function previousSegment(path: string, head: Head): Promise<ClosedSegment> {
  const last = (await listSegments(path)).findLast(({ first }) => first !== null);
  const previous = { path: last?.path ?? path, called: 'the segment before', mode: LOG_MODE };
  const file = last === undefined ? null : await openOwnFile(previous, constants.O_RDONLY);
  if (file === null) throw new Error(`the segment that ends with record ${head.seq} is missing`);
  try {
    const { size: bytes } = await file.stat();
    if (!(await standsAt(file, { ...head, bytes })))
      throw new Error(`the segment before does not end with record ${head.seq}`);
    return { name: basename(previous.path), first: last?.first ?? 1, last: head.seq, bytes };
  } finally {
    await file.close();
  }
}
