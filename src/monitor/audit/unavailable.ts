import { errnoWord } from './errno-word.ts';

/** Where writing the log failed. `changed`: it is not as the monitor left it, so something else wrote to it or cut it. */
export type FailedStage =
  | 'note'
  | 'write'
  | 'sync'
  | 'stalled'
  | 'changed'
  | 'open'
  | 'rotate'
  | 'reserve'
  | 'seal';

/** Of a record that was refused while it was being written. */
export interface Doubt {
  /** Whether it stands in the log all the same; null until that is read again, which is before it can be written again. */
  isFound: boolean | null;
}

/** A record is not in the log, or not known to be; nothing that needs it may go on (invariant 11). */
export class AuditUnavailable extends Error {
  override readonly name = 'AuditUnavailable';
  /** null: its writing had not begun, so it does not stand there. */
  readonly doubt: Doubt | null;

  constructor(message: string, options?: ErrorOptions, doubt: Doubt | null = null) {
    super(message, options);
    this.doubt = doubt;
  }
}

/** The log's files could not be used. */
export class StorageFailure extends Error {
  override readonly name = 'StorageFailure';
  readonly stage: FailedStage;
  /** The errno word, such as ENOSPC; null where the kernel reported none. */
  readonly code: string | null;

  /** Whether the disk, or the share of it that driverd may use, is full. */
  get isFull(): boolean {
    return this.code === 'ENOSPC' || this.code === 'EDQUOT';
  }

  constructor(stage: FailedStage, why: string, cause?: unknown) {
    super(why, { cause });
    this.stage = stage;
    this.code = errorCode(cause);
  }
}

/** Runs one step on the log's files; what fails says at which stage. Throws StorageFailure. */
export async function atStage<Result>(stage: FailedStage, step: Promise<Result>): Promise<Result> {
  try {
    return await step;
  } catch (error) {
    if (error instanceof StorageFailure) throw error;
    throw new StorageFailure(stage, error instanceof Error ? error.message : String(error), error);
  }
}

/** The errno word of an error of node:fs, or null. Its `code` is a whole sentence where libuv has no word. */
export function errorCode(error: unknown): string | null {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) return null;
  return 'errno' in error && typeof error.errno === 'number' ? errnoWord(-error.errno) : error.code;
}

/** What a record that cannot be written, or a log that cannot be opened for now, ends with. */
export function unavailable(cause: StorageFailure, doubt: Doubt | null = null): AuditUnavailable {
  return new AuditUnavailable(`Cannot write the audit record: ${cause.message}`, { cause }, doubt);
}

/** A failure of the log's files; anything else is a fault of this program and goes on as it is. */
export function asFailure(error: unknown): StorageFailure {
  if (error instanceof StorageFailure) return error;
  throw error;
}

/** A record that could not be written; anything else is a fault of this program and goes on as it is. */
export function asUnavailable(error: unknown): AuditUnavailable {
  if (error instanceof AuditUnavailable) return error;
  throw error;
}
