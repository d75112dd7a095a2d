import { fdatasyncSync, lstatSync, writeSync } from 'node:fs';
import { constants } from 'node:os';

/** Records that are to be appended, and where. */
export interface AppendedRecords {
  /** Descriptors; the log's is open for appending. */
  readonly log: number;
  readonly note: number;
  /** The file that has to stand under the log's name, and its length before. */
  readonly expected: { readonly ino: number; readonly dev: number; readonly size: number };
  /** The head note that says that they are being written, and the one that says that they stand. */
  readonly announcing: Uint8Array;
  readonly settled: Uint8Array;
  readonly records: Uint8Array;
  readonly sync: boolean;
  /** Who is told that they stand; null: nobody. */
  readonly notice: { readonly pipe: number; readonly bytes: Uint8Array } | null;
}

/** What of the system an addition is written with. */
export interface AppendingSystem {
  /** lstat(2); undefined where nothing has that name. */
  look(path: string): { readonly ino: number; readonly dev: number; readonly size: number } | undefined;
  /** pwrite(2), or write(2) where `at` is null. */
  write(file: number, bytes: Uint8Array, from: number, length: number, at: number | null): number;
  datasync(file: number): void;
  /** Decides that the addition stands; false: it was given up meanwhile. */
  stands(): boolean;
}

/** What came of it. Nothing behind the stage that failed was begun. */
export type AppendOutcome =
  | { readonly failed: null; readonly isSettled: boolean; readonly isTold: boolean }
  | { readonly failed: 'changed'; readonly found: number }
  | { readonly failed: 'open' | 'note' | 'write' | 'sync'; readonly errno: number };

/** What stands under the log's name where it is no file of another length. */
export const FOUND = { nothing: -1, anotherFile: -2 } as const;

export const NODE_SYSTEM: Omit<AppendingSystem, 'stands'> = {
  look: (path) => lstatSync(path, { throwIfNoEntry: false }),
  write: writeSync,
  datasync: fdatasyncSync,
};

/** The system took less than it was given, and said nothing. */
const SHORT = Symbol('short');

/**
 * Appends records to the log: looks whether it is as it was left, notes where it will end, writes, has it on disk where that
 * is asked for, and notes that it stands. A last note that fails is no failure of the records: who asked writes it again, and
 * hears why it cannot.
 *
 * @param path of the log
 * @throws what is no word of the system's
 */
export function appendInOrder(given: AppendedRecords, path: string, system: AppendingSystem): AppendOutcome {
  let failed: 'open' | 'note' | 'write' | 'sync' = 'open';
  try {
    const found = foundInstead(given.expected, system.look(path));
    if (found !== null) return { failed: 'changed', found };
    failed = 'note';
    writeNote(given.note, given.announcing, system);
    failed = 'write';
    writeRecords(given.log, given.records, system);
    failed = 'sync';
    if (given.sync) system.datasync(given.log);
  } catch (error) {
    return { failed, errno: errnoOf(error) };
  }
  // What was given up is told by who gave it up. It is read again, and until then the note has to say so.
  if (!system.stands()) return { failed: null, isSettled: false, isTold: false };
  const isTold = tell(given, system);
  return { failed: null, isSettled: settle(given, system), isTold };
}

/** What stands in the log's place; null: the log as it was left. Looked at by its name, since another file may have that. */
function foundInstead(
  expected: AppendedRecords['expected'],
  named: ReturnType<AppendingSystem['look']>,
): number | null {
  if (named === undefined) return FOUND.nothing;
  if (named.ino !== expected.ino || named.dev !== expected.dev) return FOUND.anotherFile;
  return named.size === expected.size ? null : named.size;
}

/** One pwrite(2) into the page cache. */
function writeNote(file: number, note: Uint8Array, system: AppendingSystem): void {
  if (system.write(file, note, 0, note.length, 0) !== note.length) throw SHORT;
}

/** write(2) may take less than it is given without an error; what is wrong shows at the next one. */
function writeRecords(file: number, records: Uint8Array, system: AppendingSystem): void {
  for (let written = 0; written < records.length; ) {
    const taken = system.write(file, records, written, records.length - written, null);
    if (taken === 0) throw SHORT;
    written += taken;
  }
}

/** Whether the note says again that nothing is being written. */
function settle({ note, settled }: AppendedRecords, system: AppendingSystem): boolean {
  try {
    writeNote(note, settled, system);
    return true;
  } catch (error) {
    errnoOf(error);
    return false;
  }
}

/** Whether who waits was told. Where not (the pipe is full, or nobody reads it), the monitor tells. */
function tell({ notice }: AppendedRecords, system: AppendingSystem): boolean {
  if (notice === null) return false;
  try {
    return system.write(notice.pipe, notice.bytes, 0, notice.bytes.length, null) === notice.bytes.length;
  } catch (error) {
    errnoOf(error);
    return false;
  }
}

function errnoOf(error: unknown): number {
  if (error === SHORT) return constants.errno.EIO;
  if (error instanceof Error && 'errno' in error && typeof error.errno === 'number') return -error.errno;
  throw error;
}
