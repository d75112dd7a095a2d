import { Worker } from 'node:worker_threads';
import { settledUnlessFailed } from './append-failure.ts';
import { type AppendedRecords, NODE_SYSTEM } from './append-in-order.ts';
import {
  makeAppendingMemory,
  putAddition,
  takeOutcome,
  viewAppendingMemory,
  WORD,
} from './appending-memory.ts';
import { ADDITION_BYTES_MAXIMUM } from './queue.ts';

/** The thread has one loop and no data of its own. */
const THREAD_MEMORY = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16, stackSizeMb: 1 };

export type Appended = Omit<AppendedRecords, 'settleBefore'> & {
  /** After so many milliseconds its note stays as it was announced: the caller may have given it up. */
  readonly withinMs: number;
};

/** Writes additions to the log, all steps of one without a word in between. */
export interface Appender {
  /**
   * One at a time.
   * @returns whether the note says again that nothing is being written
   * @throws StorageFailure
   */
  append(appended: Appended): Promise<boolean>;
  /** Nothing may be on its way, and nothing comes after it. */
  stop(): void;
}

/**
 * Starts a thread that appends.
 * @param program appending-thread.ts, as it lies beside the program that runs
 * @param path of the log
 */
export function startAppender(program: URL, path: string): Appender {
  const shared = makeAppendingMemory(ADDITION_BYTES_MAXIMUM);
  const memory = viewAppendingMemory(shared);
  const { words } = memory;
  const thread = new Worker(program, {
    ...{ workerData: { memory: shared, path }, env: {}, execArgv: [], resourceLimits: THREAD_MEMORY },
    name: 'audit',
  });
  thread.on('error', (error) => {
    throw error;
  });

  function ask(): void {
    Atomics.add(words, WORD.asked, 1);
    Atomics.notify(words, WORD.asked);
  }

  return {
    async append({ withinMs, ...appended }) {
      putAddition(memory, { ...appended, settleBefore: NODE_SYSTEM.now() + withinMs });
      const done = Atomics.load(words, WORD.done);
      ask();
      // A wake may be late and belong to the addition before: the number alone tells.
      while (Atomics.load(words, WORD.done) === done) {
        const waiting = Atomics.waitAsync(words, WORD.done, done);
        if (waiting.async) await waiting.value;
      }
      return settledUnlessFailed(takeOutcome(memory), appended.expected.size);
    },
    stop() {
      Atomics.store(words, WORD.stop, 1);
      ask();
    },
  };
}
