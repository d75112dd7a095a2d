import { NOTICE_BYTES_MAXIMUM } from '../../boundary/notices.ts';
import { HEAD_NOTE_BYTES } from '../../shared/audit/head-note.ts';
import type { AppendedRecords, AppendOutcome } from './append-in-order.ts';

/** What the monitor and its appending thread share: one addition at a time, and then what came of it. */
export interface AppendingMemory {
  readonly words: Int32Array;
  readonly numbers: Float64Array;
  readonly announcing: Uint8Array;
  readonly settled: Uint8Array;
  readonly notice: Uint8Array;
  readonly records: Uint8Array;
}

/** Places in `words`. Each addition has a number: it is asked for, and done, when it stands in the first or the second. */
export const WORD = {
  asked: 0,
  done: 1,
  /** 1: end; nothing was asked for. */
  stop: 2,
  note: 3,
  log: 4,
  /** Bytes of records. */
  length: 5,
  sync: 6,
  /** Where in STAGES it failed; -1: it did not. */
  failed: 7,
  /** As in errno(3). */
  errno: 8,
  isSettled: 9,
  /** A descriptor; -1: nobody is to be told. */
  noticePipe: 10,
  noticeLength: 11,
  isTold: 12,
  /** Whether the addition stands or was given up, whichever was decided first: one of DECIDED. */
  decided: 13,
} as const;

/** What is decided of an addition, once. */
const DECIDED = { nothing: 0, stands: 1, givenUp: 2 } as const;

/** Places in `numbers`: what an Int32 cannot hold. */
const NUMBER = { ino: 0, dev: 1, size: 2, found: 3 } as const;

const STAGES = ['open', 'changed', 'note', 'write', 'sync'] as const;

const WORDS = 16;
const NUMBERS = 8;
const WORDS_BYTES = WORDS * Int32Array.BYTES_PER_ELEMENT;
const NUMBERS_BYTES = NUMBERS * Float64Array.BYTES_PER_ELEMENT;
const NOTES_AT = WORDS_BYTES + NUMBERS_BYTES;
const NOTICE_AT = NOTES_AT + 2 * HEAD_NOTE_BYTES;
const RECORDS_AT = NOTICE_AT + NOTICE_BYTES_MAXIMUM;

/** @param recordBytes the most that one addition may have; what is never written to takes no memory */
export function makeAppendingMemory(recordBytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(RECORDS_AT + recordBytes);
}

export function viewAppendingMemory(memory: SharedArrayBuffer): AppendingMemory {
  return {
    words: new Int32Array(memory, 0, WORDS),
    numbers: new Float64Array(memory, WORDS_BYTES, NUMBERS),
    announcing: new Uint8Array(memory, NOTES_AT, HEAD_NOTE_BYTES),
    settled: new Uint8Array(memory, NOTES_AT + HEAD_NOTE_BYTES, HEAD_NOTE_BYTES),
    notice: new Uint8Array(memory, NOTICE_AT, NOTICE_BYTES_MAXIMUM),
    records: new Uint8Array(memory, RECORDS_AT),
  };
}

/** Throws RangeError where the records are longer than the memory was made for. */
export function putAddition(memory: AppendingMemory, given: AppendedRecords): void {
  const { words, numbers, announcing, settled, notice, records } = memory;
  if (given.records.length > records.length)
    throw new RangeError(`Cannot append ${given.records.length} bytes: ${records.length} at most at once`);
  announcing.set(given.announcing);
  settled.set(given.settled);
  records.set(given.records);
  numbers[NUMBER.ino] = given.expected.ino;
  numbers[NUMBER.dev] = given.expected.dev;
  numbers[NUMBER.size] = given.expected.size;
  words[WORD.note] = given.note;
  words[WORD.log] = given.log;
  words[WORD.length] = given.records.length;
  words[WORD.sync] = given.sync ? 1 : 0;
  words[WORD.decided] = DECIDED.nothing;
  words[WORD.noticePipe] = given.notice?.pipe ?? -1;
  words[WORD.noticeLength] = given.notice?.bytes.length ?? 0;
  if (given.notice !== null) notice.set(given.notice.bytes);
}

export function takeAddition(memory: AppendingMemory): AppendedRecords {
  const { words, announcing, settled, notice, records } = memory;
  const pipe = wordAt(words, WORD.noticePipe);
  return {
    note: wordAt(words, WORD.note),
    log: wordAt(words, WORD.log),
    expected: {
      ino: numberAt(memory, NUMBER.ino),
      dev: numberAt(memory, NUMBER.dev),
      size: numberAt(memory, NUMBER.size),
    },
    ...{ announcing, settled, records: records.subarray(0, wordAt(words, WORD.length)) },
    notice: pipe < 0 ? null : { pipe, bytes: notice.subarray(0, wordAt(words, WORD.noticeLength)) },
    sync: wordAt(words, WORD.sync) === 1,
  };
}

/** Decides, where nothing was decided. Returns whether it is so. */
export function decide({ words }: AppendingMemory, what: 'stands' | 'givenUp'): boolean {
  return Atomics.compareExchange(words, WORD.decided, DECIDED.nothing, DECIDED[what]) === DECIDED.nothing;
}

export function putOutcome({ words, numbers }: AppendingMemory, outcome: AppendOutcome): void {
  words[WORD.failed] = outcome.failed === null ? -1 : STAGES.indexOf(outcome.failed);
  if (outcome.failed === null) {
    words[WORD.isSettled] = outcome.isSettled ? 1 : 0;
    words[WORD.isTold] = outcome.isTold ? 1 : 0;
  } else if (outcome.failed === 'changed') numbers[NUMBER.found] = outcome.found;
  else words[WORD.errno] = outcome.errno;
}

export function takeOutcome(memory: AppendingMemory): AppendOutcome {
  const { words } = memory;
  const failed = STAGES[wordAt(words, WORD.failed)];
  if (failed === undefined) {
    const [isSettled, isTold] = [wordAt(words, WORD.isSettled) === 1, wordAt(words, WORD.isTold) === 1];
    return { failed: null, isSettled, isTold };
  }
  if (failed === 'changed') return { failed, found: numberAt(memory, NUMBER.found) };
  return { failed, errno: wordAt(words, WORD.errno) };
}

function wordAt(words: Int32Array, place: number): number {
  return Atomics.load(words, place);
}

/** Whole once the number of its addition was seen: Atomics orders what was written before it (ECMA-262, "Memory Model"). */
function numberAt({ numbers }: AppendingMemory, place: number): number {
  return numbers[place] ?? Number.NaN;
}
