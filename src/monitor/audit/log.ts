import type { AuditFields } from '../../shared/audit/fields.ts';
import { type AuditEvent, prepareRecord } from '../../shared/audit/record.ts';
import { type ClockSources, createClock } from './clock.ts';
import { openStore } from './open.ts';
import { createQueue, type Group, type WaitingRecord, type Written } from './queue.ts';
import { composeRecovery } from './recovery.ts';
import { createRefusedCount } from './refused-count.ts';
import { createSealer, type Seals } from './seals/sealer.ts';
import { AuditUnavailable, StorageFailure } from './unavailable.ts';

export type { AuditField, AuditFields } from '../../shared/audit/fields.ts';
export type AuditState = 'writing' | 'failing';

/** The audit log, open for writing: the only writer of its file. */
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
  /** How many were counted since the log was opened. */
  readonly refusedWithoutRecord: number;
  /** Writes what waits, has it on disk, and closes. Rejects with AuditUnavailable where that cannot be done. */
  close(): Promise<void>;
}

export interface AuditLogOptions {
  readonly path: string;
  /** Root's own; holds the head note. The caller keeps a second daemon off it. */
  readonly stateFolder: string;
  readonly clock?: ClockSources;
  /** Milliseconds between two attempts to write again; default RETRY_MS. */
  readonly retryMs?: number;
  /** Milliseconds a write may take before what waits for it is refused; default STALL_MS. */
  readonly stallMs?: number;
  /** What the log is sealed with; it is closed with the log, also where that cannot be opened. Default: it is not sealed. */
  readonly seals?: Seals;
}

export const RETRY_MS = 1000;
/** A frozen file system never answers: calls must be refused all the same (A14). */
export const STALL_MS = 5000;

/** What went wrong, from the first failure until writing works again. */
interface Failure {
  readonly cause: StorageFailure;
  readonly since: string;
}

/**
 * Opens the log, or makes it where there is none. All records that wait go out in one write and, if any asked for it,
 * one fdatasync; the head note is written before and after. Throws Error "Cannot open the audit log: …".
 */
export async function openAuditLog(options: AuditLogOptions): Promise<AuditLog> {
  const { retryMs = RETRY_MS, stallMs = STALL_MS } = options;
  const clock = createClock(options.clock);
  const { path, stateFolder, seals } = options;
  const store = await openStore(path, stateFolder, clock, seals?.store.sealed ?? 0).catch(
    async (error: unknown) => {
      await seals?.store.close();
      throw error;
    },
  );
  const queue = createQueue();
  const listeners: ((state: AuditState, why: string | null) => void)[] = [];
  const refusedCount = createRefusedCount((refused) => append('audit-refused-count', { refused }, {}, false));
  let failure: Failure | null = null;
  /** The last record whose writer was told that it stands. */
  let confirmed = store.head.seq;
  let announced = confirmed;
  let retryTimer: NodeJS.Timeout | null = null;
  let working: Promise<void> | null = null;
  let closed = false;
  const sealer =
    seals &&
    createSealer(seals, {
      head: store.head.seq,
      append: (facts) => enqueue('seal', facts, {}, true),
      fail: failBeside,
      now: () => clock.now().time,
      stallMs,
    });

  function append(
    event: AuditEvent,
    facts: AuditFields,
    claims: AuditFields,
    durable: boolean,
  ): Promise<Written> {
    if (!closed) return enqueue(event, facts, claims, durable);
    return Promise.reject(new AuditUnavailable('Cannot write the audit record: the log is closed'));
  }

  function enqueue(
    event: AuditEvent,
    facts: AuditFields,
    claims: AuditFields,
    durable: boolean,
  ): Promise<Written> {
    return new Promise((written, refused) => {
      if (failure !== null) return refused(unavailable(failure.cause));
      const record = prepareRecord(clock.now(), event, facts, claims);
      if (!queue.push({ record, durable, written, refused })) {
        return refused(new AuditUnavailable('Cannot write the audit record: too many records wait'));
      }
      startWork();
    });
  }

  function startWork(): void {
    // After the present turn, so that records of one batch of frames go out together.
    if (working === null) occupy(Promise.resolve().then(work));
  }

  /** One thing at a time is done with the files; what came up meanwhile follows. */
  function occupy(task: Promise<void>): void {
    working = task.finally(() => {
      working = null;
      if (failure !== null) scheduleRetry();
      else if (queue.length > 0) startWork();
    });
  }

  async function work(): Promise<void> {
    let group: Group | null = null;
    try {
      for (;;) {
        group = queue.takeGroup(store.head);
        if (group === null && !store.unsettled) return;
        announced = group?.target.seq ?? announced;
        await unlessStalled(group === null ? store.settle() : store.add(group), group?.waiting ?? []);
        for (const [index, place] of (group?.places ?? []).entries()) group?.waiting[index]?.written(place);
        confirmed = store.head.seq;
        if (group !== null) sealer?.wrote(confirmed);
      }
    } catch (error) {
      fail(asFailure(error), group?.waiting ?? []);
    }
  }

  /** Waits for a step. Over the limit what waits is refused at once; the step itself is still waited for, then judged. */
  async function unlessStalled(step: Promise<void>, waiting: readonly WaitingRecord[]): Promise<void> {
    const stalled = () => new StorageFailure('stalled', `the disk did not answer within ${stallMs} ms`);
    const timer = setTimeout(() => fail(stalled(), waiting), stallMs);
    await step.finally(() => clearTimeout(timer));
    if (failure !== null) throw stalled();
  }

  function fail(cause: StorageFailure, waiting: readonly WaitingRecord[]): void {
    const isFirst = failure === null;
    failure ??= { cause, since: clock.now().time };
    const error = unavailable(failure.cause);
    for (const { refused } of [...waiting, ...queue.takeAll()]) refused(error);
    if (isFirst) tellListeners();
  }

  /** Fails for what is done beside the log's own writing. */
  function failBeside(cause: StorageFailure): void {
    fail(cause, []);
    if (working === null) scheduleRetry();
  }

  function scheduleRetry(): void {
    if (closed || retryTimer !== null) return;
    retryTimer = setTimeout(() => {
      retryTimer = null;
      occupy(recover());
    }, retryMs);
    retryTimer.unref();
  }

  /** Tries to go on: reads what of the failed write is there, and declares it together with what was refused. */
  async function recover(): Promise<void> {
    if (failure === null) return;
    const { cause, since } = failure;
    try {
      await sealer?.resume();
      const tail = await store.reread();
      const refused = refusedCount.unrecorded;
      const durable = Math.min(store.durable.seq, confirmed);
      const facts = { why: cause.stage, error: cause.code, confirmed, durable, announced, refused, since };
      await store.add(composeRecovery(tail, facts, clock.now()));
      confirmed = announced = store.head.seq;
      refusedCount.settle(refused);
      await store.settle();
      sealer?.wrote(confirmed);
    } catch (error) {
      // The next attempt is on its way; the first failure is the one that is told, since later ones follow from it.
      asFailure(error);
      return;
    }
    failure = null;
    tellListeners();
  }

  function state(): AuditState {
    return failure === null ? 'writing' : 'failing';
  }

  function tellListeners(): void {
    for (const listener of listeners) listener(state(), failure?.cause.message ?? null);
  }

  async function close(): Promise<void> {
    if (closed) return;
    refusedCount.stop();
    const counted = failure === null ? refusedCount.flush() : Promise.resolve();
    closed = true;
    sealer?.stop();
    clearTimeout(retryTimer ?? undefined);
    const finished = finish(counted);
    const late = new AuditUnavailable(
      `Cannot close the audit log: the disk did not answer within ${stallMs} ms`,
    );
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(late), stallMs);
    });
    await Promise.race([finished, limit]).finally(() => clearTimeout(timer));
  }

  async function finish(counted: Promise<void>): Promise<void> {
    try {
      await whenIdle();
      await counted;
      if (failure !== null) await recover();
      // What fails here is a failure as any other, and told below.
      if (failure === null) await sealer?.sealRest().catch(() => undefined);
      await whenIdle();
      await closeStore();
    } finally {
      await sealer?.close();
    }
  }

  async function whenIdle(): Promise<void> {
    while (working !== null) await working;
  }

  async function closeStore(): Promise<void> {
    const failed = failure?.cause ?? null;
    if (failed !== null) {
      await store.abandon();
      throw unavailable(failed);
    }
    await store.close().catch((error: unknown) => {
      throw unavailable(asFailure(error));
    });
  }

  return {
    append,
    get state() {
      return state();
    },
    onStateChange(listener) {
      listeners.push(listener);
    },
    countRefused: refusedCount.add,
    get refusedWithoutRecord() {
      return refusedCount.total;
    },
    close,
  };
}

function unavailable(cause: StorageFailure): AuditUnavailable {
  return new AuditUnavailable(`Cannot write the audit record: ${cause.message}`, { cause });
}

/** A failure of the log's files; anything else is a fault of this program and goes on as it is. */
function asFailure(error: unknown): StorageFailure {
  if (error instanceof StorageFailure) return error;
  throw error;
}
