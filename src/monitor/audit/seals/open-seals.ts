import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { HEAD_NOTE_FILE } from '../../../shared/audit/head-note.ts';
import { type ClockSources, createClock } from '../clock.ts';
import { AuditUnavailable, StorageFailure } from '../unavailable.ts';
import { readMachine } from './machine.ts';
import { oldFiles } from './plan-reset.ts';
import { resetIfDue } from './reset.ts';
import { openSealStore, type SealStore } from './seal-store.ts';

export interface SealsOptions {
  /** The log's. */
  readonly path: string;
  /** Root's own; holds the keys. The caller keeps a second daemon off it. */
  readonly stateFolder: string;
  readonly clock?: ClockSources;
  /** What keys are bound to; default: this machine, where it has an id. */
  readonly machine?: string | null;
}

/**
 * Opens what the log is sealed with, before the log itself: begins a new chain where that was asked for or where the keys
 * are another machine's, makes keys where there is no log yet, and completes a seal that was cut short.
 * Nothing is begun anew by itself.
 * @throws Error "Cannot open the audit log: …", AuditUnavailable where the disk is full
 */
export async function openSeals(options: SealsOptions): Promise<SealStore> {
  const { path, stateFolder, machine = readMachine() } = options;
  try {
    await resetIfDue(path, stateFolder, machine, createClock(options.clock));
    const isNew = !existsSync(join(stateFolder, HEAD_NOTE_FILE)) && (await oldFiles(path)).length === 0;
    return await openSealStore(path, stateFolder, machine, isNew);
  } catch (error) {
    const why = `Cannot open the audit log: ${error instanceof Error ? error.message : String(error)}`;
    const { isFull } = new StorageFailure('seal', why, error);
    throw isFull ? new AuditUnavailable(why, { cause: error }) : new Error(why, { cause: error });
  }
}
