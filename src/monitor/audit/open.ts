import { join } from 'node:path';
import { HEAD_NOTE_FILE } from '../../shared/audit/head-note.ts';
import { verifyLog } from '../../shared/audit/verify.ts';
import type { AuditClock } from './clock.ts';
import { composeRecovery } from './recovery.ts';
import { holdStore, type LogStore } from './store.ts';
import { takeUpLog } from './take-up.ts';

/**
 * Opens the log's files and declares what is not as the last run should have left it. Throws Error
 * "Cannot open the audit log: …" with the first bad record where there is one.
 *
 * @param sealed number of the last record that was sealed, 0 for none: the log cannot end before it
 */
export async function openStore(
  path: string,
  stateFolder: string,
  clock: AuditClock,
  sealed: number,
): Promise<LogStore> {
  const { files, recovery } = await takeUpLog(path, stateFolder, clock.boot).catch(async (error: unknown) => {
    const bad = await firstBad(path, join(stateFolder, HEAD_NOTE_FILE));
    throw cannotOpen(bad ?? reason(error), error);
  });
  const store = holdStore(files);
  try {
    const { after } = files.tail.next;
    if (after.seq < sealed)
      throw new Error(`it ends with record ${after.seq}, and record ${sealed} was sealed`);
    if (recovery !== null) await store.add(composeRecovery(files.tail, recovery, clock.now()));
    // Also where nothing was to be declared: the note then names the present boot.
    await store.settle();
    return store;
  } catch (error) {
    await Promise.allSettled([files.log.close(), files.note.close()]);
    throw cannotOpen(reason(error), error);
  }
}

/** What the whole log says once it is refused. Its reading is not worth a second error beside the first. */
async function firstBad(path: string, headPath: string): Promise<string | null> {
  const result = await verifyLog(path, headPath, { rereads: 0 }).catch(() => null);
  if (result === null || result.firstBad === null) return null;
  const { seq, line, what, detail } = result.firstBad;
  return `record ${seq} (line ${line}) is bad (${what}): ${detail}`;
}

function cannotOpen(why: string, cause: unknown): Error {
  return new Error(`Cannot open the audit log: ${why}`, { cause });
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
