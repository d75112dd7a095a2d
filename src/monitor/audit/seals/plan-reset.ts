import { constants, existsSync, lstatSync, readFileSync } from 'node:fs';
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { decodeHeadNote, HEAD_NOTE_FILE } from '../../../shared/audit/head-note.ts';
import { hashOfLine, LINE_BYTES_MAXIMUM, readLink } from '../../../shared/audit/record.ts';
import {
  decodeResetRequest,
  RESET_REQUEST_BYTES_MAXIMUM,
  RESET_REQUEST_FILE,
  type ResetRequest,
} from '../../../shared/audit/reset-request.ts';
import {
  forgetSecrets,
  KEY_BLOCK_FILE,
  openKeyBlock,
  readKeyBlock,
} from '../../../shared/audit/seals/key-block.ts';
import { belongsToLog, keptFolder } from '../../../shared/audit/segments.ts';
import type { AuditClock } from '../clock.ts';
import { STATE_MODE, whyNotOwn } from '../log-file.ts';
import { LogNotKnown } from '../log-not-known.ts';
import { readBytes } from '../tail.ts';
import { errorCode } from '../unavailable.ts';
import type { PreviousRecord, ResetPlan } from './reset-plan.ts';

/** Folders of one second that are told apart. */
const SAME_MOMENT_MAXIMUM = 100;
const NEWLINE = 0x0a;

/**
 * Whether a log is to begin anew, and how: because root asked, or because the keys are those of another machine, which
 * this one is a copy of. Throws Error where the keys are bound to a machine and this one has no id to tell by.
 */
export async function planReset(
  path: string,
  stateFolder: string,
  machine: string | null,
  clock: AuditClock,
): Promise<ResetPlan | null> {
  const request = readRequest(join(stateFolder, RESET_REQUEST_FILE));
  if (request === null && !(await isAnotherMachine(stateFolder, machine))) return null;
  const at = clock.now();
  return {
    why: request === null ? 'another-machine' : 'asked',
    ...(request ?? { uid: null, reason: null }),
    previous: await lastRecord(path),
    noted: notedRecord(stateFolder),
    keptIn: (await oldFiles(path)).length === 0 ? null : unusedFolder(path, at.time),
    at,
    moved: false,
  };
}

/** The files of a log that stand there now, by name. */
export async function oldFiles(path: string): Promise<readonly string[]> {
  return (await readdir(dirname(path))).filter((name) => belongsToLog(path, name)).sort();
}

function readRequest(path: string): ResetRequest | null {
  try {
    const why = whyNotOwn(lstatSync(path), STATE_MODE);
    if (why !== null) throw new Error(`${path} ${why}`);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
  const text = readFileSync(path, 'utf8');
  const request = text.length > RESET_REQUEST_BYTES_MAXIMUM ? null : decodeResetRequest(text);
  if (request === null) throw new Error(`${path} is not what \`driverctl audit reset\` writes`);
  return request;
}

async function isAnotherMachine(stateFolder: string, machine: string | null): Promise<boolean> {
  const bound = await boundTo(stateFolder);
  if (bound === null || bound === machine) return false;
  if (machine !== null) return true;
  throw new LogNotKnown(
    'the keys of its seals are bound to a machine, and this one has no /etc/machine-id to tell by',
  );
}

/** The machine that the keys are bound to; null: to none, or there are no keys, or none that can be read. */
async function boundTo(stateFolder: string): Promise<string | null> {
  let file: FileHandle | null = null;
  try {
    file = await openKeyBlock(join(stateFolder, KEY_BLOCK_FILE));
    const keys = await readKeyBlock(file);
    forgetSecrets(keys);
    return keys.machine;
  } catch {
    // Why they cannot be read is told where they are opened to be used.
    return null;
  } finally {
    await file?.close();
  }
}

/** The last whole record of the log as it was found, so that what is put aside cannot be changed unseen. */
async function lastRecord(path: string): Promise<PreviousRecord | null> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    // A link in the place of the log is put aside as what it is.
    if (['ENOENT', 'ELOOP'].includes(errorCode(error) ?? '')) return null;
    throw error;
  }
  try {
    const stats = await file.stat();
    const from = Math.max(0, stats.size - 2 * LINE_BYTES_MAXIMUM);
    return stats.isFile() ? lastRecordIn(await readBytes(file, from, stats.size - from)) : null;
  } finally {
    await file.close();
  }
}

function lastRecordIn(bytes: Buffer): PreviousRecord | null {
  for (let end = bytes.lastIndexOf(NEWLINE); end > 0; ) {
    const begin = bytes.lastIndexOf(NEWLINE, end - 1) + 1;
    const line = bytes.subarray(begin, end);
    const link = readLink(line);
    if (link !== null && hashOfLine(line) === link.hash) return { seq: link.seq, hash: link.hash };
    end = begin - 1;
  }
  return null;
}

function notedRecord(stateFolder: string): PreviousRecord | null {
  try {
    const { standing } = decodeHeadNote(readFileSync(join(stateFolder, HEAD_NOTE_FILE)));
    return standing.seq === 0 ? null : { seq: standing.seq, hash: standing.hash };
  } catch {
    // A note that is missing or broken is what a reset may be for.
    return null;
  }
}

/** @param time ISO 8601, UTC */
function unusedFolder(path: string, time: string): string {
  const moment = `${time.slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
  for (let count = 1; count <= SAME_MOMENT_MAXIMUM; count += 1) {
    const folder = keptFolder(path, count === 1 ? moment : `${moment}-${count}`);
    if (!existsSync(folder)) return basename(folder);
  }
  throw new Error(`there are ${SAME_MOMENT_MAXIMUM} folders of ${moment} already`);
}
