import type { LogPosition } from '../audit/log-position.ts';

/** What is known of what a sink has. Plain data, to be kept. */
export interface Progress {
  /** All records up to here are the sink's: the next run goes on behind it. Null: none is known to be. */
  readonly taken: LogPosition | null;
  /** The last record that a sink has received, though it may yet be lost with the receiver. */
  readonly sent: { readonly seq: number; readonly hash: string } | null;
  /** How many records were removed before they were shipped, in all. */
  readonly missed: number;
}

/** The records that were sent over one connection and are not taken yet, oldest first. */
export interface Flight {
  /** @param end bytes of all that was sent over the connection, this record included */
  add(position: LogPosition, end: number): void;
  /** Records are missing before the next one that is added. */
  miss(count: number): void;
  /** The next one that is added is of another chain: what was sent says nothing of it. */
  beginAnew(): void;
  /** @param received bytes of what was sent that the other side has */
  settle(received: number): Progress;
}

/** How many settled entries are kept until they are cut off together. */
const KEPT_SETTLED = 1_024;

interface Entry {
  readonly position: LogPosition;
  readonly end: number;
  readonly missedBefore: number;
  readonly isAnew: boolean;
}

/** @param window bytes that have to be received behind a record before it counts as taken */
export function createFlight(window: number, from: Progress): Flight {
  let entries: Entry[] = [];
  /** Of `entries`, how many are taken, and how many received. */
  let taken = 0;
  let received = 0;
  let missedBefore = 0;
  let isAnew = false;
  let progress = from;

  function receive({ position, missedBefore, isAnew }: Entry): void {
    const { sent, missed } = progress;
    // What is sent a second time had been received before.
    const isKnown = sent !== null && !isAnew && sent.seq > position.seq;
    const { seq, hash } = position;
    progress = { ...progress, sent: isKnown ? sent : { seq, hash }, missed: missed + missedBefore };
  }

  return {
    add(position, end) {
      entries.push({ position, end, missedBefore, isAnew });
      missedBefore = 0;
      isAnew = false;
    },
    miss(count) {
      missedBefore += count;
    },
    beginAnew() {
      isAnew = true;
    },
    settle(bytes) {
      for (let next = entries[received]; next !== undefined && next.end <= bytes; next = entries[received]) {
        receive(next);
        received += 1;
      }
      for (
        let next = entries[taken];
        next !== undefined && next.end <= bytes - window;
        next = entries[taken]
      ) {
        progress = { ...progress, taken: next.position };
        taken += 1;
      }
      if (taken >= KEPT_SETTLED) {
        entries = entries.slice(taken);
        received -= taken;
        taken = 0;
      }
      return progress;
    },
  };
}
