import { RECORDS_TOLD_MAXIMUM } from '../../boundary/notices.ts';
import type { Head } from '../../shared/audit/head-note.ts';
import { LINE_BYTES_MAXIMUM, type PreparedRecord, sealInto } from '../../shared/audit/record.ts';
import type { Addition } from './addition.ts';
import type { Notice, NoticePipe } from './notice-pipe.ts';

/** Most records that wait to be written, and most bytes of them. */
export const QUEUE_RECORDS_MAXIMUM = 8192;
export const QUEUE_BYTES_MAXIMUM = 8_388_608;
/** Most records of one write, so that making their lines does not hold up the monitor's loop. */
export const GROUP_RECORDS_MAXIMUM = RECORDS_TOLD_MAXIMUM;
/** A write ends with the record that reaches this many bytes. */
export const GROUP_BYTES_MAXIMUM = 1_048_576;
/** Most bytes of one write: what comes before its last record, and that record. */
export const ADDITION_BYTES_MAXIMUM = GROUP_BYTES_MAXIMUM + LINE_BYTES_MAXIMUM;

/** Where a record came to stand. */
export interface Written {
  readonly seq: number;
  readonly hash: string;
}

/** The same, and whether the thread that wrote it has told who waits for that. */
export interface Answered extends Written {
  readonly isTold: boolean;
}

/** A record that somebody waits for. */
export interface WaitingRecord {
  readonly record: PreparedRecord;
  readonly durable: boolean;
  /** By whom its writing is to be told beside `written`. */
  readonly notice: Notice | null;
  readonly written: (answer: Answered) => void;
  readonly refused: (error: Error) => void;
}

/** Records that go out in one write, under one fdatasync if any of them asked for it. */
export interface Group extends Addition {
  readonly waiting: readonly WaitingRecord[];
  /** For each of them, in order. */
  readonly places: readonly Written[];
}

export interface RecordQueue {
  readonly length: number;
  /** false: the queue is full. */
  push(waiting: WaitingRecord): boolean;
  /** Takes what waits, to follow `head`; null where nothing does. */
  takeGroup(head: Head): Group | null;
  /** Takes all that waits. */
  takeAll(): readonly WaitingRecord[];
}

export function createQueue(): RecordQueue {
  let queue: WaitingRecord[] = [];
  let bytes = 0;
  /** For one group after the other; what is never written to takes no memory. */
  const lines = Buffer.allocUnsafeSlow(ADDITION_BYTES_MAXIMUM);

  function push(waiting: WaitingRecord): boolean {
    const more = sizeOf(waiting);
    if (queue.length >= QUEUE_RECORDS_MAXIMUM || bytes + more > QUEUE_BYTES_MAXIMUM) return false;
    queue.push(waiting);
    bytes += more;
    return true;
  }

  function takeGroup(head: Head): Group | null {
    const places: Written[] = [];
    const serials: number[] = [];
    let pipe: NoticePipe | null = null;
    let { seq, hash: prev } = head;
    let sync = false;
    let end = 0;
    for (const waiting of queue) {
      if (places.length >= GROUP_RECORDS_MAXIMUM || end >= GROUP_BYTES_MAXIMUM) break;
      seq += 1;
      const sealed = sealInto(lines, end, waiting.record, seq, prev);
      ({ end, hash: prev } = sealed);
      places.push({ seq, hash: prev });
      sync ||= waiting.durable;
      bytes -= sizeOf(waiting);
      const { notice } = waiting;
      if (notice === null) continue;
      // Of another broker's the monitor tells.
      pipe ??= notice.pipe;
      if (pipe === notice.pipe) serials.push(notice.serial);
    }
    if (places.length === 0) return null;
    const waiting = queue.splice(0, places.length);
    // A copy: the group is kept until it stands, and `lines` are for the next.
    const taken = Buffer.from(lines.subarray(0, end));
    const notice = pipe === null ? null : { pipe, serials };
    return {
      waiting,
      places,
      bytes: taken,
      target: { seq, hash: prev, bytes: head.bytes + end },
      sync,
      notice,
    };
  }

  function takeAll(): readonly WaitingRecord[] {
    const all = queue;
    queue = [];
    bytes = 0;
    return all;
  }

  return {
    get length() {
      return queue.length;
    },
    push,
    takeGroup,
    takeAll,
  };
}

/**
 * Answers all who wait for a group that stands.
 * @param isTold whether its notice was given
 */
export function answerGroup({ waiting, places, notice: given }: Group, isTold: boolean): void {
  for (const [index, place] of places.entries()) {
    const { notice, written } = waiting[index] ?? {};
    written?.({ ...place, isTold: isTold && notice !== null && notice?.pipe === given?.pipe });
  }
}

/** In UTF-16 units, which is what waits in memory. */
function sizeOf({ record }: WaitingRecord): number {
  return record.facts.length + record.claims.length;
}
