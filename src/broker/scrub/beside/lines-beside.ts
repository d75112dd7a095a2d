import { Worker } from 'node:worker_threads';
import type { LineMatch } from './line-matches.ts';
import type { Asked, Told } from './messages.ts';

/** A shorter text is looked at where it is: to hand it over takes as long, in bytes. */
const LEAST_BYTES = 49_152;
/** Most bytes that are with the thread at a time; what comes beyond that is looked at where it is. */
const MOST_BYTES = 67_108_864;
/** How long it is kept while there is nothing to do, in milliseconds. */
const KEPT_MS = 3_000;
/** It holds no more than the rules, the matches and one part of each text. What Node was started with goes before. */
const THREAD_MEMORY = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 96, stackSizeMb: 4 };

/** Looks at the lines of long texts on another processor. */
export interface LinesBeside {
  /**
   * @param bytes they are moved, and come back with what was found
   * @returns null: they are to be looked at here. The promise is rejected where nobody knows what is in them
   */
  find(bytes: Buffer): Promise<FoundLines> | null;
}

export interface FoundLines {
  readonly bytes: Buffer;
  /** Null: there are so many that they are to be looked for here. */
  readonly matches: readonly LineMatch[] | null;
}

interface Waiting {
  readonly length: number;
  resolve(found: FoundLines): void;
  reject(error: Error): void;
}

interface Thread {
  readonly worker: Worker;
  readonly waiting: Map<number, Waiting>;
  idle: NodeJS.Timeout | undefined;
}

/**
 * Starts its thread when it is needed, and ends it soon after: it takes memory.
 * @param program thread.ts, as it lies beside the program that runs
 */
export function findLinesBeside(program: URL): LinesBeside {
  let thread: Thread | null = null;
  let lastNumber = 0;
  let bytesThere = 0;

  /** What it had is lost with it: nobody knows what was in that. */
  function lose(lost: Thread, why: Error): void {
    if (thread === lost) thread = null;
    clearTimeout(lost.idle);
    const waiting = [...lost.waiting.values()];
    lost.waiting.clear();
    for (const { length, reject } of waiting) {
      bytesThere -= length;
      reject(why);
    }
  }

  function hear(from: Thread, told: Told): void {
    const waiting = from.waiting.get(told.number);
    if (waiting === undefined) return;
    from.waiting.delete(told.number);
    bytesThere -= waiting.length;
    if (from.waiting.size === 0) rest(from);
    if (told.bytes === null) return waiting.reject(new Error('Cannot look at the lines of a text'));
    const { buffer, byteOffset, length } = told.bytes;
    waiting.resolve({ bytes: Buffer.from(buffer, byteOffset, length), matches: told.matches });
  }

  function rest(resting: Thread): void {
    resting.worker.unref();
    resting.idle = setTimeout(() => {
      if (thread === resting) thread = null;
      void resting.worker.terminate();
    }, KEPT_MS).unref();
  }

  function start(): Thread | null {
    const worker = startWorker(program);
    if (worker === null) return null;
    const started: Thread = { worker, waiting: new Map(), idle: undefined };
    worker.on('message', (told: Told) => hear(started, told));
    const ended = 'Cannot look at the lines of a text: the thread that does it has ended';
    worker.on('error', (cause) => lose(started, new Error(ended, { cause })));
    worker.on('exit', () => lose(started, new Error(ended)));
    return started;
  }

  return {
    find(bytes) {
      const { buffer, length } = bytes;
      if (length < LEAST_BYTES || bytesThere + length > MOST_BYTES) return null;
      // Only what has its memory to itself can be moved.
      if (!(buffer instanceof ArrayBuffer) || buffer.byteLength !== length) return null;
      thread ??= start();
      if (thread === null) return null;
      const asked = thread;
      lastNumber += 1;
      const number = lastNumber;
      const { promise, resolve, reject } = Promise.withResolvers<FoundLines>();
      const message: Asked = { number, bytes: new Uint8Array(buffer, 0, length) };
      asked.worker.postMessage(message, [buffer]);
      clearTimeout(asked.idle);
      asked.worker.ref();
      asked.waiting.set(number, { length, resolve, reject });
      bytesThere += length;
      return promise;
    },
  };
}

/** Null: no thread could be made (pthread_create(3): EAGAIN). */
function startWorker(program: URL): Worker | null {
  try {
    return new Worker(program, { env: {}, execArgv: [], resourceLimits: THREAD_MEMORY, name: 'scrub' });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_INIT_FAILED') return null;
    throw error;
  }
}
