import { constants } from 'node:fs';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { encodeHeadNote, HEAD_NOTE_FILE, type Head } from '../../../shared/audit/head-note.ts';
import { RESET_REQUEST_FILE } from '../../../shared/audit/reset-request.ts';
import { forgetSecrets, KEY_BLOCK_BYTES, writeKeyBlock } from '../../../shared/audit/seals/key-block.ts';
import { writeStateFile } from '../../state-file.ts';
import type { AuditClock } from '../clock.ts';
import { createOwnFile, LOG_MODE, lstatOrNull, openOwnFile, syncFolder } from '../log-file.ts';
import { CALLED_LOG } from '../rotation.ts';
import { errorCode } from '../unavailable.ts';
import { completeBytes } from './complete.ts';
import { oldFiles, planReset } from './plan-reset.ts';
import { encodePlan, firstRecord, RESET_PLAN_FILE, type ResetPlan, readPlan } from './reset-plan.ts';
import { firstKeys, keyFile, makeKeyFile } from './seal-store.ts';

/** Readable for the group that looks at the log; the group is the log folder's own, by its setgid bit. */
const KEPT_MODE = 0o750;

/**
 * Begins a new chain where that is due, before the log is opened: puts the old files aside, makes new keys, and writes
 * the reset as the very first record. Can be cut short at any step: the next call goes on. Nothing is deleted but the
 * keys of the old chain and the monitor's note of its end.
 *
 * @throws Error with the reason
 */
export async function resetIfDue(
  path: string,
  stateFolder: string,
  machine: string | null,
  clock: AuditClock,
): Promise<void> {
  let plan = readPlan(stateFolder);
  if (plan === null) {
    plan = await planReset(path, stateFolder, machine, clock);
    if (plan === null) return;
    await notePlan(stateFolder, plan);
  }
  if (!plan.moved) {
    await putAside(path, plan.keptIn);
    // From here on a file in the log's place is the new chain's.
    await notePlan(stateFolder, { ...plan, moved: true });
  }
  await rm(join(stateFolder, RESET_REQUEST_FILE), { force: true });
  await renewKeys(stateFolder, machine);
  const { line, head } = firstRecord(plan);
  await writeFirstRecord(path, line);
  await noteHead(stateFolder, plan, head);
  const noted = join(stateFolder, RESET_PLAN_FILE);
  await rm(noted);
  await syncFolder(noted);
}

async function notePlan(stateFolder: string, plan: ResetPlan): Promise<void> {
  const path = join(stateFolder, RESET_PLAN_FILE);
  writeStateFile(path, encodePlan(plan));
  await syncFolder(path);
}

async function putAside(path: string, keptIn: string | null): Promise<void> {
  if (keptIn === null) return;
  const folder = join(dirname(path), keptIn);
  await mkdir(folder).catch((error: unknown) => {
    if (errorCode(error) !== 'EEXIST') throw error;
  });
  if ((await lstatOrNull(folder))?.isDirectory() !== true) throw new Error(`${folder} is not a folder`);
  // The umask has taken away what the readers' group needs.
  await chmod(folder, KEPT_MODE);
  for (const name of await oldFiles(path)) await rename(join(dirname(path), name), join(folder, name));
  // Both, by a name in each.
  await syncFolder(join(folder, keptIn));
  await syncFolder(path);
}

/** The old secret is written over in place, as one that was used up is. */
async function renewKeys(stateFolder: string, machine: string | null): Promise<void> {
  const file = await openOwnFile(keyFile(stateFolder), constants.O_RDWR);
  if (file === null) return (await makeKeyFile(stateFolder, machine)).close();
  const keys = firstKeys(machine);
  try {
    await writeKeyBlock(file, keys);
    await file.truncate(KEY_BLOCK_BYTES);
  } finally {
    forgetSecrets(keys);
    await file.close();
  }
}

async function writeFirstRecord(path: string, line: Buffer): Promise<void> {
  const log = { path, called: CALLED_LOG, mode: LOG_MODE };
  const file =
    (await openOwnFile(log, constants.O_RDWR)) ??
    (await createOwnFile(log, constants.O_RDWR, Buffer.alloc(0)));
  try {
    await completeBytes(file, 0, line, CALLED_LOG);
  } finally {
    await file.close();
  }
}

/** A new file in the place of the old note: what stands there may be what the reset is for. */
async function noteHead(stateFolder: string, { at }: ResetPlan, head: Head): Promise<void> {
  const note = encodeHeadNote({ boot: at.boot, segment: 1, durable: head, standing: head, writing: null });
  const path = join(stateFolder, HEAD_NOTE_FILE);
  writeStateFile(path, note.toString('latin1'));
  await syncFolder(path);
}
