import type { AuditFields } from '../../../shared/audit/fields.ts';
import { makeSecret, publicKeyOf } from '../../../shared/audit/seals/ed25519.ts';
import { AuditUnavailable, asUnavailable, StorageFailure } from '../unavailable.ts';
import { whenLate } from '../when-late.ts';
import type { SealStore } from './seal-store.ts';

/** How long an epoch is at most: whoever is root within one can forge that one. */
export interface SealLimits {
  /** Records. */
  readonly records: number;
  /** Seconds, also when nothing happens. */
  readonly seconds: number;
}

/** What sealing needs of the log that it seals. */
export interface SealedLog {
  /** The number of the last record. */
  readonly head: number;
  /** Writes a record and has it on disk. Rejects with AuditUnavailable where it is not or is not known to be. */
  append(facts: AuditFields): Promise<{ readonly seq: number; readonly hash: string }>;
  /** When the next seal is due; as it is at the moment: a reload may change it. */
  limits(): SealLimits;
  /** Whether everything can be written, and not only what closes calls that are under way. */
  isWriting(): boolean;
  /** No record may be written until `resume` has settled. */
  fail(cause: StorageFailure): void;
  /** ISO 8601, UTC, microseconds. */
  now(): string;
  /** Milliseconds that a step may take before writing is refused. */
  readonly stallMs: number;
}

/** Seals a log while it is written. */
export interface Sealer {
  /** The log now ends with this record. */
  wrote(seq: number): void;
  /**
   * Seals everything that stands in the log at the time of the call. Rejects with AuditUnavailable where that cannot be
   * done.
   */
  sealNow(): Promise<void>;
  /** Seals soon: a segment was closed. */
  sealSoon(): void;
  /** Goes on with a seal whose writing failed. Throws StorageFailure where it fails again. */
  resume(): Promise<void>;
  /** No seal is made from here on but one that is asked for. */
  stop(): void;
  /** Seals what stands unsealed, if anything does. Rejects as `sealNow`. */
  sealRest(): Promise<void>;
  /** Waits for what is under way, closes the files, forgets the keys. */
  close(): Promise<void>;
}

/**
 * Seals when enough records or enough time have passed, and at once what stands unsealed behind the first record of this
 * run: what an earlier one left, and the first key of a new log, which can then be kept elsewhere. Callers wait for none
 * of it: a seal's record is one among others of a group, and the rest is written beside the log.
 */
export function createSealer(store: SealStore, log: SealedLog): Sealer {
  let head = log.head;
  /** Whether the next record is to be sealed at once. */
  let isDue = true;
  let isStopped = false;
  /** The last seal that was asked for, and the one that has not begun. */
  let last: Promise<void> = Promise.resolve();
  let waiting: Promise<void> | null = null;
  let isSealing = false;
  /** A seal that is being written, behind its record. */
  let storing: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  function schedule(): void {
    clearTimeout(timer);
    if (isStopped) return;
    timer = setTimeout(sealUnasked, log.limits().seconds * 1000);
    timer.unref();
  }

  function wrote(seq: number): void {
    head = seq;
    sealIfDue();
  }

  function sealIfDue(): void {
    if (isStopped || isSealing || waiting !== null) return;
    if (isDue || head - store.sealed >= log.limits().records) sealUnasked();
  }

  /** What fails is told by the log, which takes no record then; the next record or the timer tries again. */
  function sealUnasked(): void {
    // On a full disk the little room that is left is for calls that are under way.
    if (!log.isWriting()) return schedule();
    sealNow().then(sealIfDue, asUnavailable);
  }

  /** The one under way may end before the last record: so one more is made, for all who ask meanwhile. */
  function sealNow(): Promise<void> {
    if (waiting !== null) return waiting;
    waiting = last.then(begin, begin);
    last = waiting;
    return waiting;
  }

  async function begin(): Promise<void> {
    waiting = null;
    isSealing = true;
    try {
      await seal();
      isDue = false;
    } finally {
      isSealing = false;
      schedule();
    }
  }

  async function seal(): Promise<void> {
    // In the room of the reserve the log would take its record, of an epoch that is over when it is sealed.
    if (store.isPending)
      throw new AuditUnavailable('Cannot seal the audit log: the seal before is not whole');
    const next = makeSecret();
    const { epoch } = store;
    const nextKey = publicKeyOf(next).toString('base64');
    const { seq, hash } = await log.append({ epoch, next_key: nextKey }).catch((error: unknown) => {
      next.fill(0);
      throw error;
    });
    try {
      storing = store.seal({ seq, hash, time: log.now(), next });
      await unlessStalled(storing);
    } catch (error) {
      const failure = fail(error);
      throw new AuditUnavailable(`Cannot seal the audit log: ${failure.message}`, { cause: failure });
    }
  }

  /** Over the limit writing is refused at once; the step itself is still waited for. */
  async function unlessStalled(step: Promise<void>): Promise<void> {
    const late = (): void => {
      fail(new Error(`the disk did not answer within ${log.stallMs} ms`));
    };
    await step.finally(whenLate(log.stallMs, late));
  }

  function fail(error: unknown): StorageFailure {
    const why = error instanceof Error ? error.message : String(error);
    const failure = new StorageFailure('seal', `the log cannot be sealed: ${why}`, error);
    log.fail(failure);
    return failure;
  }

  async function resume(): Promise<void> {
    // Not for one whose record still waits to be written: that waits for the log.
    await Promise.allSettled([storing]);
    try {
      await store.complete();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new StorageFailure('seal', `the log cannot be sealed: ${why}`, error);
    }
  }

  schedule();
  return {
    wrote,
    sealNow,
    sealSoon() {
      isDue = true;
      sealUnasked();
    },
    resume,
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
    async sealRest() {
      await Promise.allSettled([last]);
      if (head > store.sealed) await sealNow();
    },
    async close() {
      await Promise.allSettled([last]);
      await store.close();
    },
  };
}
