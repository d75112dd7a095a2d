import { HEAD_NOTE_BYTES } from '../../shared/audit/head-note.ts';

/** What the monitor and its appending thread share: numbers, two notes, and the records. */
export interface AppendingMemory {
  readonly words: Int32Array;
  readonly numbers: Float64Array;
  /** That an addition is being written, and that it stands. */
  readonly notes: readonly [announcing: Uint8Array, settled: Uint8Array];
  readonly records: Uint8Array;
}

/** Places in `words`. Each addition has a number: it is asked for, and done, when it stands in the first or the second. */
export const WORD = {
  asked: 0,
  done: 1,
  /** 1: end; nothing was asked for. */
  stop: 2,
  noteDescriptor: 3,
  logDescriptor: 4,
  /** Bytes of records. */
  length: 5,
  sync: 6,
  /** Where in STAGES it failed; -1: it did not. */
  failed: 7,
  /** As in errno(3). */
  errno: 8,
  /** Whether the last note was written. */
  settled: 9,
} as const;

/** Places in `numbers`. */
export const NUMBER = {
  /** Which file has to stand under the log's name, and how long it has to be. */
  ino: 0,
  dev: 1,
  size: 2,
  /** What stands there instead: its length, or one of FOUND. */
  found: 3,
  /** When it may have been given up, in milliseconds since 1970. */
  givenUpAt: 4,
} as const;

export const FOUND = { nothing: -1, anotherFile: -2 } as const;

/** What is done with an addition, in this order; nothing after what failed. */
export const STAGES = ['open', 'changed', 'note', 'write', 'sync'] as const;

const WORDS = 16;
const NUMBERS = 8;
const WORDS_BYTES = WORDS * Int32Array.BYTES_PER_ELEMENT;
const NUMBERS_BYTES = NUMBERS * Float64Array.BYTES_PER_ELEMENT;
const NOTES_AT = WORDS_BYTES + NUMBERS_BYTES;
const RECORDS_AT = NOTES_AT + 2 * HEAD_NOTE_BYTES;

/** @param recordBytes the most that one addition may have */
export function makeAppendingMemory(recordBytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(RECORDS_AT + recordBytes);
}

export function viewAppendingMemory(memory: SharedArrayBuffer): AppendingMemory {
  const note = (index: number): Uint8Array =>
    new Uint8Array(memory, NOTES_AT + index * HEAD_NOTE_BYTES, HEAD_NOTE_BYTES);
  return {
    words: new Int32Array(memory, 0, WORDS),
    numbers: new Float64Array(memory, WORDS_BYTES, NUMBERS),
    notes: [note(0), note(1)],
    records: new Uint8Array(memory, RECORDS_AT),
  };
}
