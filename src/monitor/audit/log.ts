import type { AuditFields } from '../../shared/audit/fields.ts';
import type { AuditEvent } from '../../shared/audit/record.ts';
import { reservePath } from '../../shared/audit/segments.ts';
import type { Settings } from '../../shared/configuration/types.generated.ts';
import { type ClockSources, createClock } from './clock.ts';
import { openStore } from './open.ts';
import { holdReserve } from './reserve.ts';
import type { SealStore } from './seals/seal-store.ts';
import { writeSegments } from './segment-writer.ts';
import { StorageFailure, unavailable } from './unavailable.ts';
import { type AuditState, createWriter } from './writer.ts';

export type { AuditField, AuditFields } from '../../shared/audit/fields.ts';
export type { AuditState } from './writer.ts';

/** The audit log, open for writing: the only writer of its files. */
export interface AuditLog {
  /**
   * Queues one record. Resolves when it is written and, where `durable`, on disk (fdatasync). Rejects with
   * AuditUnavailable when it is not or is not known to be, and with TypeError for a record that cannot be written at all.
   */
  append(
    event: AuditEvent,
    facts: AuditFields,
    claims: AuditFields,
    durable: boolean,
  ): Promise<{ seq: number }>;
  readonly state: AuditState;
  /** `why` tells the operational log what failed; it names the daemon's files and is not for callers. */
  onStateChange(listener: (state: AuditState, why: string | null) => void): void;
  /** Counts a refusal that could have no record; the count is recorded as soon as there can be one (invariant 11). */
  countRefused(): void;
  /** Counts something else that happened and could have no record; recorded likewise. */
  countUnrecorded(): void;
  /** How many refusals were counted since the log was opened. */
  readonly refusedWithoutRecord: number;
  /** Writes what waits, has it on disk, and closes. Rejects with AuditUnavailable where that cannot be done. */
  close(): Promise<void>;
}

/** The part of driverd.yaml that the log goes by. */
export type AuditSettings = Settings['audit'];

export interface AuditLogOptions {
  readonly path: string;
  /** Root's own; holds the head note. The caller keeps a second daemon off it. */
  readonly stateFolder: string;
  /** As they are at the moment: a reload may change them. */
  readonly settings: () => AuditSettings;
  readonly clock?: ClockSources;
  /** Milliseconds between two attempts to write again; default RETRY_MS. */
  readonly retryMs?: number;
  /** Milliseconds a write may take before what waits for it is refused; default STALL_MS. */
  readonly stallMs?: number;
  /** What the log is sealed with; closed with it, also where it cannot be opened. Default: it is not sealed. */
  readonly seals?: SealStore;
}

export const RETRY_MS = 1000;
/** A frozen file system never answers: calls must be refused all the same (A14). */
export const STALL_MS = 5000;
/** How often it is looked whether the segment is due to be closed, in milliseconds. */
const LOOK_MS = 10_000;

/**
 * Opens the log, or makes it where there is none. All records that wait go out in one write and, if any asked for it,
 * one fdatasync; the head note is written before and after.
 * @throws Error "Cannot open the audit log: …" where an admin has to look at it
 * @throws AuditUnavailable where nothing is wrong with it and it cannot be written, for example on a full disk
 */
export async function openAuditLog(options: AuditLogOptions): Promise<AuditLog> {
  const { path, stateFolder, settings, retryMs = RETRY_MS, stallMs = STALL_MS } = options;
  const { seals } = options;
  const clock = createClock(options.clock);
  const listeners: ((state: AuditState, why: string | null) => void)[] = [];
  const reserve = holdReserve(reservePath(path), () => settings().reserve_bytes);
  const opened = await openStore(path, stateFolder, clock, seals?.sealed ?? 0).catch(withoutSeals);
  try {
    await reserve.make();
  } catch (error) {
    await opened.store.abandon();
    return withoutSeals(error instanceof StorageFailure ? unavailable(error) : error);
  }
  const segments = writeSegments({ opened, clock, limits: settings, rotated: () => writer.sealSoon() });
  const writer = createWriter({
    ...{ segments, clock, reserve, retryMs, stallMs },
    ...{ seals: seals ?? null, sealLimits: () => settings().seal },
    changed(why) {
      for (const listener of listeners) listener(writer.state, why);
    },
  });
  const { refusedCount } = writer;
  const look = setInterval(writer.rotateIfDue, LOOK_MS).unref();
  writer.rotateIfDue();

  async function withoutSeals(error: unknown): Promise<never> {
    await seals?.close();
    throw error;
  }

  return {
    append: writer.append,
    get state() {
      return writer.state;
    },
    onStateChange(listener) {
      listeners.push(listener);
    },
    countRefused: () => refusedCount.add('refused'),
    countUnrecorded: () => refusedCount.add('unrecorded'),
    get refusedWithoutRecord() {
      return refusedCount.total;
    },
    close() {
      clearInterval(look);
      return writer.close();
    },
  };
}
