import type { AuditState } from '../../shared/audit/conditions.ts';
import type { AuditFields } from '../../shared/audit/fields.ts';
import { type AuditEvent, prepareRecord } from '../../shared/audit/record.ts';
import type { AuditClock } from './clock.ts';
import { CLOSING_EVENTS } from './closing-events.ts';
import { createDoubtedRecords } from './doubted-records.ts';
import type { Notice } from './notice-pipe.ts';
import { type Answered, answerGroup, createQueue, type Group } from './queue.ts';
import { createRefusedCount, type RefusedCount } from './refused-count.ts';
import type { Reserve } from './reserve.ts';
import type { SealStore } from './seals/seal-store.ts';
import { createSealer, type SealLimits } from './seals/sealer.ts';
import type { SegmentWriter } from './segment-writer.ts';
import { AuditUnavailable, asFailure, asUnavailable, StorageFailure, unavailable } from './unavailable.ts';
import { whenLate } from './when-late.ts';
import { within } from './within.ts';

/** Writes records in groups, refuses them while that fails, and goes on by itself. */
export interface Writer {
  append(
    event: AuditEvent,
    facts: AuditFields,
    claims: AuditFields,
    durable: boolean,
    notice?: Notice,
  ): Promise<Answered>;
  readonly state: AuditState;
  /** Whether the reserve is given up: while its room lasts what is under way is closed on record; nothing new is accepted. */
  readonly isReserveUsed: boolean;
  readonly refusedCount: RefusedCount;
  /** Begins a new segment where one is due. */
  rotateIfDue(): void;
  /** Seals all that stands in the log; does nothing where it is not sealed. Rejects with AuditUnavailable. */
  sealNow(): Promise<void>;
  /** A segment was closed: it is sealed soon. */
  sealSoon(): void;
  close(): Promise<void>;
}

export interface WriterOptions {
  readonly segments: SegmentWriter;
  readonly clock: AuditClock;
  readonly reserve: Reserve;
  readonly retryMs: number;
  readonly stallMs: number;
  /** null: the log is not sealed. */
  readonly seals: SealStore | null;
  readonly sealLimits: () => SealLimits;
  /** The state, or what the reserve does, has changed. */
  changed(why: string | null): void;
}

/** What went wrong, from the first failure until writing works again. */
interface Failure {
  readonly cause: StorageFailure;
  readonly since: string;
}

export function createWriter(options: WriterOptions): Writer {
  const { segments, clock, reserve, retryMs, stallMs } = options;
  const queue = createQueue();
  const doubted = createDoubtedRecords();
  const refusedCount = createRefusedCount((counted) => append('audit-refused-count', counted, {}, false));
  let failure: Failure | null = null;
  /** While it fails: whether all that stands in the log is in order, so that records may follow it. */
  let isInOrder = true;
  /** While the reserve is being given up, from its first step until its room can be written to. */
  let isMakingRoom = false;
  let retryTimer: NodeJS.Timeout | null = null;
  let working: Promise<void> | null = null;
  /** The group that took too long and whose writers were told that it stands. */
  let standing: Group | null = null;
  let closed = false;
  const sealer =
    options.seals &&
    createSealer(options.seals, {
      ...{ head: segments.head.seq, stallMs, limits: options.sealLimits, fail: failBeside },
      append: (facts) => enqueue('seal', facts, {}, true),
      isWriting: () => failure === null,
      now: () => clock.now().time,
    });

  function append(...record: Parameters<typeof enqueue>): Promise<Answered> {
    if (!closed) return enqueue(...record);
    return Promise.reject(new AuditUnavailable('Cannot write the audit record: the log is closed'));
  }

  function enqueue(
    event: AuditEvent,
    facts: AuditFields,
    claims: AuditFields,
    durable: boolean,
    notice: Notice | null = null,
  ): Promise<Answered> {
    return new Promise((written, refused) => {
      if (failure !== null && !(takesClosing(failure) && CLOSING_EVENTS.has(event))) {
        return refused(unavailable(failure.cause));
      }
      const record = prepareRecord(clock.now(), event, facts, claims);
      if (!queue.push({ record, durable, notice, written, refused })) {
        return refused(new AuditUnavailable('Cannot write the audit record: too many records wait'));
      }
      startWork();
    });
  }

  /** Whether what closes something that is on record can be written while it fails, or will be at once. */
  function takesClosing({ cause }: Failure): boolean {
    return isInOrder || isMakingRoom || (cause.isFull && reserve.isHeld);
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
      if (failure !== null && !isInOrder && takesClosing(failure)) occupy(recover());
      else if (queue.length > 0 && (failure === null || isInOrder)) startWork();
    });
  }

  async function work(): Promise<void> {
    let group: Group | null = null;
    try {
      for (;;) {
        group = null;
        // The reserve's room is for what closes calls.
        const why = failure === null ? segments.due() : null;
        if (why !== null) await unlessStalled(segments.rotate(why), null);
        group = queue.takeGroup(segments.head);
        if (group === null && !segments.unsettled) return;
        if (group === null) await unlessStalled(segments.settle(), null);
        else answerGroup(group, await unlessStalled(segments.add(group), group));
        segments.confirm();
        if (group !== null) sealer?.wrote(segments.head.seq);
      }
    } catch (error) {
      const isAnswered = group !== null && group === standing;
      if (isAnswered) segments.confirm();
      fail(asFailure(error), isAnswered ? null : group);
    }
  }

  /**
   * Waits for a step. Over the limit what waits is refused at once; the step itself is still waited for, then judged. Of a group
   * that stands nobody is refused, though its last note may not come to an end.
   */
  async function unlessStalled<Result>(step: Promise<Result>, group: Group | null): Promise<Result> {
    const stalled = () => new StorageFailure('stalled', `the disk did not answer within ${stallMs} ms`);
    let isLate = false;
    const settled = whenLate(stallMs, () => {
      const came = segments.giveUp();
      // It was this process that was late.
      if (group !== null && came === 'done') return;
      isLate = true;
      if (came !== 'stands' || group === null) return fail(stalled(), group);
      standing = group;
      answerGroup(group, false);
      fail(stalled(), null);
    });
    const result = await step.finally(settled);
    if (isLate) throw stalled();
    return result;
  }

  function fail(cause: StorageFailure, group: Group | null): void {
    const isFirst = failure === null;
    failure ??= { cause, since: clock.now().time };
    isInOrder = false;
    if (group !== null) doubted.refuse(group, failure.cause);
    refuseQueued(failure);
    if (isFirst) options.changed(cause.message);
  }

  /** Fails for what is done beside the writing. */
  function failBeside(cause: StorageFailure): void {
    fail(cause, null);
    if (working === null) scheduleRetry();
  }

  /** All that waits, but for what the reserve's room is for. */
  function refuseQueued(because: Failure): void {
    const takes = takesClosing(because);
    const all = queue.takeAll();
    for (const waiting of all) {
      if (takes && CLOSING_EVENTS.has(waiting.record.event)) queue.push(waiting);
      else waiting.refused(unavailable(because.cause));
    }
  }

  function scheduleRetry(): void {
    if (closed) return;
    retryTimer ??= setTimeout(() => {
      retryTimer = null;
      if (working === null) occupy(recover());
      else scheduleRetry();
    }, retryMs).unref();
  }

  /**
   * Tries to go on. On a full disk the reserve's room first serves to declare what happened and to close what is under
   * way; work goes on once the reserve could be made anew.
   */
  async function recover(): Promise<void> {
    if (failure === null) return;
    const { cause } = failure;
    try {
      const isGivenUp = !isInOrder && cause.isFull && reserve.isHeld;
      isMakingRoom = isGivenUp;
      if (isGivenUp) await reserve.giveUp();
      else if (!reserve.isHeld) await reserve.make();
      await sealer?.resume();
      await declare(failure, isGivenUp);
    } catch (error) {
      // The next attempt is on its way; the first failure is the one that is told, since later ones follow from it.
      asFailure(error);
      isMakingRoom = false;
      if (!isInOrder) refuseQueued(failure);
      return;
    }
    isMakingRoom = false;
    if (reserve.isHeld) failure = null;
    sealer?.wrote(segments.head.seq);
    options.changed(failure === null ? null : cause.message);
  }

  async function declare({ cause, since }: Failure, refusing: boolean): Promise<void> {
    const counted = refusedCount.pending;
    try {
      const declared = { why: cause.stage, error: cause.code, refusing, since, ...counted };
      await segments.declare(declared, isInOrder, doubted.found);
      refusedCount.settle(counted);
      isInOrder = true;
    } catch (error) {
      isInOrder = false;
      throw error;
    }
  }

  async function close(): Promise<void> {
    if (closed) return;
    refusedCount.stop();
    const counted = failure === null ? refusedCount.flush() : Promise.resolve();
    closed = true;
    sealer?.stop();
    clearTimeout(retryTimer ?? undefined);
    const late = `Cannot close the audit log: the disk did not answer within ${stallMs} ms`;
    await within(stallMs, finish(counted), new AuditUnavailable(late));
  }

  async function finish(counted: Promise<void>): Promise<void> {
    try {
      await whenIdle();
      await counted;
      // In the reserve's room the last word is how many were refused; else it is one more try.
      if (failure !== null) await (isInOrder ? declare(failure, true).catch(asFailure) : recover());
      // Where it fails, the log does, and that is told.
      if (failure === null || isInOrder) await sealer?.sealRest().catch(asUnavailable);
      await whenIdle();
      if (failure === null || isInOrder) return await segments.close();
      for (const { refused } of queue.takeAll()) refused(unavailable(failure.cause));
      await segments.abandon();
      throw failure.cause;
    } catch (error) {
      throw unavailable(asFailure(error));
    } finally {
      await sealer?.close();
    }
  }

  async function whenIdle(): Promise<void> {
    while (working !== null) await working;
  }

  return {
    append,
    get state() {
      return failure === null ? 'writing' : 'failing';
    },
    get isReserveUsed() {
      return failure !== null && !reserve.isHeld;
    },
    refusedCount,
    rotateIfDue() {
      if (!closed && failure === null && segments.due() !== null) startWork();
    },
    sealNow: async () => sealer?.sealNow(),
    sealSoon: () => sealer?.sealSoon(),
    close,
  };
}
