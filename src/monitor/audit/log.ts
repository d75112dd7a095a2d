import { setTimeout as wait } from 'node:timers/promises';
import type { AuditCondition, AuditState } from '../../shared/audit/conditions.ts';
import type { AuditFields } from '../../shared/audit/fields.ts';
import { reservePath } from '../../shared/audit/segments.ts';
import type { Settings } from '../../shared/configuration/types.generated.ts';
import type { Appender } from './appender.ts';
import { type ClockSources, createClock } from './clock.ts';
import { type Compress, compressSegment } from './compression.ts';
import { keepSegments } from './keeper.ts';
import { openStore } from './open.ts';
import { type EarlierCall, findOpenCalls } from './open-calls.ts';
import { holdReserve } from './reserve.ts';
import type { SealStore } from './seals/seal-store.ts';
import { writeSegments } from './segment-writer.ts';
import { watchSpace } from './space.ts';
import { StorageFailure, unavailable } from './unavailable.ts';
import { createWriter, type Writer } from './writer.ts';

export type { AuditState } from '../../shared/audit/conditions.ts';
export type { AuditField, AuditFields } from '../../shared/audit/fields.ts';

/** The audit log, open for writing: the only writer of its files. */
export interface AuditLog {
  /**
   * Queues one record. Resolves when it is written and, where `durable`, on disk (fdatasync). Rejects with
   * AuditUnavailable when it is not or is not known to be, and with TypeError for a record that cannot be written at all.
   * @param notice by whom this is told as soon as it is so, where that can be; `isTold`: it was
   */
  append(...record: Parameters<Writer['append']>): Promise<{ seq: number; isTold: boolean }>;
  readonly state: AuditState;
  readonly conditions: readonly AuditCondition[];
  /** What the keys of its seals are bound to; null: it is not sealed. */
  readonly sealKeys: 'machine' | 'nothing' | null;
  /** Is told when the state or a condition has changed. `why` names the daemon's files and is not for callers. */
  onStateChange(listener: (state: AuditState, why: string | null) => void): void;
  /** Counts a refusal that could have no record; the count is recorded as soon as there can be one (invariant 11). */
  countRefused(): void;
  /** Counts something else that happened and could have no record; recorded likewise. */
  countUnrecorded(): void;
  /** How many refusals were counted since the log was opened. */
  readonly refusedWithoutRecord: number;
  /** Hands over, once, the calls that an earlier run left open. They were looked for before anything was written. */
  takeEarlierCalls(): readonly EarlierCall[];
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
  /** For the operational log. */
  readonly report?: (message: string, details: AuditFields) => void;
  /** Milliseconds between two attempts to write again; default RETRY_MS. */
  readonly retryMs?: number;
  /** Milliseconds a write may take before what waits for it is refused; default STALL_MS. */
  readonly stallMs?: number;
  /** Milliseconds between two looks at free space and at the segment's age; default LOOK_MS. */
  readonly lookMs?: number;
  /** Appends to it; stopped with it, also where it cannot be opened. */
  readonly appender: Appender;
  /** By what closed segments are compressed. Default: this thread. */
  readonly compress?: Compress;
  /** What it is sealed with; closed with it, also where it cannot be opened. Default: it is not sealed. */
  readonly seals?: SealStore;
}

export const RETRY_MS = 1000;
/** A frozen file system never answers: calls must be refused all the same (A14). */
export const STALL_MS = 5000;
export const LOOK_MS = 10_000;
/** Looks after which closed segments are looked at though none was closed. */
const KEEP_LOOKS = 60;

/**
 * Opens the log, or makes it where there is none. All records that wait go out in one write and, if any asked for it,
 * one fdatasync; the head note is written before and after.
 * @throws Error "Cannot open the audit log: …" where an admin has to look at it
 * @throws AuditUnavailable where nothing is wrong with it and it cannot be written, for example on a full disk
 */
export async function openAuditLog(options: AuditLogOptions): Promise<AuditLog> {
  const { path, stateFolder, settings, retryMs = RETRY_MS, stallMs = STALL_MS, lookMs = LOOK_MS } = options;
  const { appender, seals, compress = compressSegment, report = ignore } = options;
  const clock = createClock(options.clock);
  const listeners: ((state: AuditState, why: string | null) => void)[] = [];
  let wasFailing = false;
  const changed = (why: string | null = null): void => {
    const isFailing = writer.state === 'failing';
    if (isFailing) keeper.interrupt();
    // What it could not record it gave up until it looks again, which may be long.
    else if (wasFailing) keeper.wake();
    wasFailing = isFailing;
    for (const listener of listeners) listener(writer.state, why);
  };
  const reserve = holdReserve(reservePath(path), () => settings().reserve_bytes);
  const opened = await openStore(path, stateFolder, clock, seals?.sealed ?? 0, appender).catch(
    (error: unknown) => {
      appender.stop();
      return withoutSeals(error);
    },
  );
  let earlierCalls: readonly EarlierCall[];
  try {
    // While the files are at rest: a rotation in between would take the last of them out of sight.
    earlierCalls = await findOpenCalls(path);
    await reserve.make();
  } catch (error) {
    await opened.store.abandon();
    return withoutSeals(error instanceof StorageFailure ? unavailable(error) : error);
  }
  const rotated = (): void => {
    writer.sealSoon();
    keeper.wake();
    space.look();
  };
  const segments = writeSegments({ opened, clock, limits: settings, rotated });
  const sealing = { seals: seals ?? null, sealLimits: () => settings().seal };
  const writer = createWriter({ segments, clock, reserve, retryMs, stallMs, changed, ...sealing });
  const { append, sealNow, refusedCount } = writer;
  const lowWater = (): number => settings().low_water_bytes;
  const space = watchSpace({ path, lowWater, append, report, changed });
  const keeper = keepSegments({
    ...{ path, settings, compress, append, sealNow, report, changed },
    now: () => Date.parse(clock.now().time),
    isWriting: () => writer.state === 'writing',
  });
  let looks = 0;
  const look = (): void => {
    writer.rotateIfDue();
    space.look();
    if (looks % KEEP_LOOKS === 0) keeper.wake();
    looks += 1;
  };
  const timer = setInterval(look, lookMs).unref();
  look();

  function conditions(): readonly AuditCondition[] {
    return [
      ...(space.isLow ? ['low-space' as const] : []),
      ...(writer.isReserveUsed ? ['reserve-given-up' as const] : []),
      ...(keeper.refused === null ? [] : ['retention-refused' as const]),
      ...(keeper.isFailing ? ['compression-failing' as const] : []),
    ];
  }

  async function withoutSeals(error: unknown): Promise<never> {
    await seals?.close();
    throw error;
  }

  return {
    append,
    get state() {
      return writer.state;
    },
    get conditions() {
      return conditions();
    },
    sealKeys: seals === undefined ? null : seals.bound ? 'machine' : 'nothing',
    onStateChange(listener) {
      listeners.push(listener);
    },
    countRefused: () => refusedCount.add('refused'),
    countUnrecorded: () => refusedCount.add('unrecorded'),
    get refusedWithoutRecord() {
      return refusedCount.total;
    },
    takeEarlierCalls() {
      const taken = earlierCalls;
      earlierCalls = [];
      return taken;
    },
    async close() {
      clearInterval(timer);
      const kept = keeper.close();
      await writer.close();
      await Promise.race([kept, wait(stallMs, undefined, { ref: false })]);
    },
  };
}

function ignore(): void {
  // Nobody keeps an operational log.
}
