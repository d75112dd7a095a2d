import type { Worker } from 'node:worker_threads';
import { type Appended, appendedUnlessFailed } from './append-failure.ts';
import type { AppendedRecords } from './append-in-order.ts';
import {
  decide,
  makeAppendingMemory,
  putAddition,
  takeOutcome,
  viewAppendingMemory,
  WORD,
} from './appending-memory.ts';
import { ADDITION_BYTES_MAXIMUM } from './queue.ts';
import { startThread } from './thread.ts';
import { AuditUnavailable, errorCode, StorageFailure } from './unavailable.ts';

/** What came of giving up an addition: it was too late for one that stands, or of which all is done or nothing was asked. */
export type GivenUp = 'given-up' | 'stands' | 'done';

/** Writes additions to the log, all steps of one without a word in between. */
export interface Appender {
  /**
   * One at a time.
   * @throws StorageFailure
   */
  append(appended: AppendedRecords): Promise<Appended>;
  /** Gives up what is under way, as long as that can be: nobody is told then that it stands, nor does its note say so. */
  giveUp(): GivenUp;
  /** Nothing may be on its way, and nothing comes after it. */
  stop(): void;
}

/**
 * Starts a thread that appends. Where it ends unasked this process does too: nobody could tell what of an addition is there.
 * @param program appending-thread.ts, as it lies beside the program that runs
 * @param path of the log
 * @throws AuditUnavailable where the system has no room for one more thread
 */
export function startAppender(program: URL, path: string): Appender {
  const shared = makeAppendingMemory(ADDITION_BYTES_MAXIMUM);
  const memory = viewAppendingMemory(shared);
  const { words } = memory;
  const thread = startThatAppends(program, { memory: shared, path });
  let isStopped = false;
  thread.on('error', (error) => {
    throw error;
  });
  thread.on('exit', () => {
    if (!isStopped) throw new Error('The thread that appends to the audit log has ended');
  });

  function ask(): void {
    Atomics.add(words, WORD.asked, 1);
    Atomics.notify(words, WORD.asked);
  }

  return {
    async append(appended) {
      // Nobody is there who would say that it is done.
      if (isStopped) throw new StorageFailure('open', 'the log is closed');
      putAddition(memory, appended);
      const done = Atomics.load(words, WORD.done);
      ask();
      // A wake may be late and belong to the addition before: the number alone tells.
      while (Atomics.load(words, WORD.done) === done) {
        const waiting = Atomics.waitAsync(words, WORD.done, done);
        if (waiting.async) await waiting.value;
      }
      return appendedUnlessFailed(takeOutcome(memory), appended.expected.size);
    },
    giveUp() {
      if (Atomics.load(words, WORD.done) === Atomics.load(words, WORD.asked)) return 'done';
      return decide(memory, 'givenUp') ? 'given-up' : 'stands';
    },
    stop() {
      isStopped = true;
      Atomics.store(words, WORD.stop, 1);
      ask();
    },
  };
}

function startThatAppends(
  program: URL,
  workerData: { readonly memory: SharedArrayBuffer; readonly path: string },
): Worker {
  try {
    return startThread(program, 'audit', workerData);
  } catch (error) {
    // pthread_create(3): EAGAIN, a limit of threads is reached. Another try may succeed.
    if (errorCode(error) !== 'ERR_WORKER_INIT_FAILED') throw error;
    const why = 'Cannot start the thread that appends to the audit log: no thread could be made';
    throw new AuditUnavailable(why, { cause: error });
  }
}
