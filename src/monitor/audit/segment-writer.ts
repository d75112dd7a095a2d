import type { Head } from '../../shared/audit/head-note.ts';
import { type Addition, composeAddition } from './addition.ts';
import type { GivenUp } from './appender.ts';
import type { AuditClock } from './clock.ts';
import type { Opened } from './open.ts';
import { type RecoveryCause, recoveryRecord } from './recovery.ts';
import { type ClosedSegment, type RotationReason, rotationRecord } from './rotation.ts';
import { emptyTail } from './tail.ts';

/** What of a recovery record its writer knows. */
export type Declared = Pick<RecoveryCause, 'why' | 'error' | 'refused' | 'unrecorded' | 'refusing' | 'since'>;

/** Writes the present segment, and begins the next. One step at a time: no two may be under way. */
export interface SegmentWriter {
  readonly head: Head;
  /** Whether `settle` has something to do. */
  readonly unsettled: boolean;
  /** Writes records; says whether their notice was given. Throws StorageFailure. */
  add(addition: Addition): Promise<boolean>;
  /** Gives up the addition that is under way, as `Appender.giveUp` does. */
  giveUp(): GivenUp;
  /** The writers of all records up to the head were told that these stand. */
  confirm(): void;
  /** Notes that nothing is being written. Throws StorageFailure. */
  settle(): Promise<void>;
  /** Why the present segment is to be closed now; null: it is not. */
  due(): RotationReason | null;
  /** Closes it and begins the next with a record of it. Throws StorageFailure. */
  rotate(why: RotationReason): Promise<void>;
  /**
   * After a failure, or in the room of the reserve: writes a recovery record behind what is there.
   * @param isInOrder whether nothing has failed since the last such record
   * @param found told which record is the last of those that stand there, where that had to be read again
   * @throws StorageFailure
   */
  declare(declared: Declared, isInOrder: boolean, found: (last: number) => void): Promise<void>;
  /** Throws StorageFailure. */
  close(): Promise<void>;
  abandon(): Promise<void>;
}

export interface SegmentWriterOptions {
  readonly opened: Opened;
  readonly clock: AuditClock;
  /** When a segment is long or old enough. */
  readonly limits: () => { readonly rotate_bytes: number; readonly rotate_hours: number };
  /** A new segment has begun. */
  rotated(closed: ClosedSegment): void;
}

const HOUR_MS = 3_600_000;

export function writeSegments({ opened, clock, limits, rotated }: SegmentWriterOptions): SegmentWriter {
  const { store } = opened;
  /** A rotation from its begin until its record is written. */
  let rotation: { readonly why: RotationReason; readonly closed: ClosedSegment | null } | null = null;
  /** Whether what stands in the present segment was torn, or may not be on disk. */
  let isSuspect = opened.isTorn;
  /** When the present segment was begun, in milliseconds since 1970. */
  let { begun } = opened;
  /** The last record whose writer was told that it stands. */
  let confirmed = store.head.seq;
  let announced = confirmed;

  async function add(addition: Addition): Promise<boolean> {
    announced = addition.target.seq;
    return store.add(addition);
  }

  function due(): RotationReason | null {
    const { head, segment } = store;
    if (head.bytes === 0) return null;
    if (isSuspect) return 'recovery';
    // One that has nothing but its rotation record would be closed for ever.
    if (head.seq === segment) return null;
    const { rotate_bytes, rotate_hours } = limits();
    if (head.bytes >= rotate_bytes) return 'size';
    // A clock that was set back must not keep a segment open for years.
    const age = Math.abs(Date.parse(clock.now().time) - begun);
    return age >= rotate_hours * HOUR_MS ? 'age' : null;
  }

  async function rotate(why: RotationReason): Promise<void> {
    rotation = { why, closed: null };
    const closed = await store.rotate();
    rotation = { why, closed };
    const at = clock.now();
    await add(composeAddition(emptyTail(store.head).next, [rotationRecord(closed, why, at)]));
    confirmed = announced;
    noteRotation(closed, at.time);
  }

  function noteRotation(closed: ClosedSegment, time: string): void {
    rotation = null;
    isSuspect = false;
    begun = Date.parse(time);
    rotated(closed);
  }

  async function declare(
    declared: Declared,
    isInOrder: boolean,
    found: (last: number) => void,
  ): Promise<void> {
    if (store.isRotating) rotation = { why: rotation?.why ?? 'unfinished', closed: await store.rotate() };
    const tail = isInOrder ? emptyTail(store.head) : await store.reread();
    if (!isInOrder) found(tail.next.after.seq);
    const at = clock.now();
    const isBlank = tail.head.bytes === 0 && tail.rest.length === 0;
    const begins = rotation?.closed && isBlank ? [rotationRecord(rotation.closed, rotation.why, at)] : [];
    const cause = { ...declared, confirmed, durable: Math.min(store.durable.seq, confirmed), announced };
    await store.add(composeAddition(tail.next, [...begins, recoveryRecord(tail, cause, at)]));
    confirmed = announced = store.head.seq;
    if (rotation?.closed) noteRotation(rotation.closed, at.time);
    rotation = null;
    isSuspect ||= tail.fragment !== null || declared.why === 'sync';
    await store.settle();
  }

  return {
    get head() {
      return store.head;
    },
    get unsettled() {
      return store.unsettled;
    },
    settle: store.settle,
    giveUp: store.giveUp,
    confirm() {
      confirmed = store.head.seq;
    },
    ...{ add, due, rotate, declare },
    close: store.close,
    abandon: store.abandon,
  };
}
