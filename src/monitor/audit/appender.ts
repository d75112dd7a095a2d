import { getSystemErrorMap } from 'node:util';
import { Worker } from 'node:worker_threads';
import { FOUND, makeAppendingMemory, NUMBER, STAGES, viewAppendingMemory, WORD } from './appending-memory.ts';
import { StorageFailure } from './unavailable.ts';

/** Most bytes of one addition: a group that ends with the record that reaches its bound, and that record. */
const RECORDS_BYTES = 2_097_152;
/** The thread has one loop and no data of its own. */
const THREAD_MEMORY = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16, stackSizeMb: 1 };

/** What is to be appended, and where. */
export interface Appended {
  readonly log: number;
  readonly note: number;
  /** The file that has to stand under the log's name, and its length before. */
  readonly expected: { readonly ino: number; readonly dev: number; readonly size: number };
  /** That the records are being written, and that they stand. */
  readonly announcing: Uint8Array;
  readonly settled: Uint8Array;
  readonly records: Uint8Array;
  readonly sync: boolean;
  /** After so many milliseconds it counts as given up, and its note stays as it was announced. */
  readonly withinMs: number;
}

/** Writes additions on a thread of its own. */
export interface Appender {
  /**
   * One at a time.
   * @returns whether the note says again that nothing is being written
   * @throws StorageFailure
   */
  append(appended: Appended): Promise<boolean>;
  /** Ends the thread. Nothing may be on its way. */
  stop(): void;
}

/**
 * @param program appending-thread.ts, as it lies beside the program that runs
 * @param path of the log
 */
export function startAppender(program: URL, path: string): Appender {
  const memory = makeAppendingMemory(RECORDS_BYTES);
  const { words, numbers, notes, records } = viewAppendingMemory(memory);
  const thread = new Worker(program, {
    ...{ workerData: { memory, path }, env: {}, execArgv: [], resourceLimits: THREAD_MEMORY },
    name: 'audit',
  });
  thread.on('error', (error) => {
    throw error;
  });

  function failure(stage: (typeof STAGES)[number]): StorageFailure {
    if (stage === 'changed') return changed(numbers[NUMBER.found] ?? 0, numbers[NUMBER.size] ?? 0);
    const [code = 'UNKNOWN', why = 'unknown'] =
      getSystemErrorMap().get(-Atomics.load(words, WORD.errno)) ?? [];
    const message = `${code}: ${why}, ${stage}`;
    return new StorageFailure(stage, message, Object.assign(new Error(message), { code }));
  }

  return {
    async append({ log, note, expected, announcing, settled, records: given, sync, withinMs }) {
      if (given.length > RECORDS_BYTES) throw new RangeError(`Cannot append ${given.length} bytes at once`);
      notes[0].set(announcing);
      notes[1].set(settled);
      records.set(given);
      numbers[NUMBER.ino] = expected.ino;
      numbers[NUMBER.dev] = expected.dev;
      numbers[NUMBER.size] = expected.size;
      numbers[NUMBER.givenUpAt] = Date.now() + withinMs;
      words[WORD.noteDescriptor] = note;
      words[WORD.logDescriptor] = log;
      words[WORD.length] = given.length;
      words[WORD.sync] = sync ? 1 : 0;
      const done = Atomics.load(words, WORD.done);
      Atomics.add(words, WORD.asked, 1);
      Atomics.notify(words, WORD.asked);
      // A wake may be late and belong to the addition before: the number alone tells.
      while (Atomics.load(words, WORD.done) === done) {
        const waiting = Atomics.waitAsync(words, WORD.done, done);
        if (waiting.async) await waiting.value;
      }
      const stage = STAGES[Atomics.load(words, WORD.failed)];
      if (stage !== undefined) throw failure(stage);
      return Atomics.load(words, WORD.settled) === 1;
    },
    stop() {
      Atomics.store(words, WORD.stop, 1);
      Atomics.add(words, WORD.asked, 1);
      Atomics.notify(words, WORD.asked);
    },
  };
}

/** The log is not as it was left. */
export function changed(found: number, expected: number): StorageFailure {
  if (found === FOUND.nothing) return new StorageFailure('changed', 'the log is gone');
  if (found === FOUND.anotherFile)
    return new StorageFailure('changed', 'another file stands in the place of the log');
  return new StorageFailure('changed', `the log is ${found} bytes long where ${expected} were left`);
}
