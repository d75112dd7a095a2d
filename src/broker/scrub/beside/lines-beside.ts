import { Worker } from 'node:worker_threads';
import type { LineMatch } from './line-matches.ts';
import type { Asked, Said } from './messages.ts';

/** A shorter text is looked at where it is: to hand it over takes as long, in bytes. */
const LEAST_BYTES = 49_152;
/** Most bytes that are with the thread at a time; what comes beyond that is looked at where it is. */
const MOST_BYTES = 67_108_864;
/** The thread takes a tenth of a second to start: it is worth that when so many bytes of long texts came in so many ms. */
const STARTS_AT_BYTES = 2_097_152;
const COUNTED_FOR_MS = 1_000;
/** How long it is kept while there is nothing to do, in milliseconds. */
const KEPT_MS = 3_000;
/** It holds no more than the rules, the matches and one part of each text. What Node was started with goes before. */
const THREAD_MEMORY = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 96, stackSizeMb: 4 };

/** Looks at the lines of long texts on another processor. */
export interface LinesBeside {
  /**
   * @param bytes where a promise is returned they are moved, and come back with what was found
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
  /** Texts that it has, by their numbers. */
  readonly waiting: Map<number, Waiting>;
  isReady: boolean;
  idle: NodeJS.Timeout | undefined;
}

/**
 * Starts its thread when there is much to do, and ends it soon after: it takes some 60 MiB.
 * @param program thread.ts, as it lies beside the program that runs
 * @param ended told why it ended, where it was not to
 */
export function findLinesBeside(program: URL, ended: (why: Error) => void): LinesBeside {
  const came = countRecent();
  let thread: Thread | null = null;
  let lastNumber = 0;
  let bytesThere = 0;

  /** What it had is lost with it: nobody knows what was in that. */
  function lose(lost: Thread, why: Error): void {
    if (thread !== lost) return;
    thread = null;
    clearTimeout(lost.idle);
    bytesThere = 0;
    for (const { reject } of lost.waiting.values()) reject(why);
    ended(why);
  }

  function hear(from: Thread, said: Said): void {
    if (said.kind === 'ready') {
      from.isReady = true;
      return rest(from);
    }
    const waiting = from.waiting.get(said.number);
    if (waiting === undefined) return;
    from.waiting.delete(said.number);
    bytesThere -= waiting.length;
    if (from.waiting.size === 0) rest(from);
    if (said.kind === 'failed') return waiting.reject(new Error('Cannot look at the lines of a text'));
    const { buffer, byteOffset, length } = said.bytes;
    waiting.resolve({ bytes: Buffer.from(buffer, byteOffset, length), matches: said.matches });
  }

  function rest(resting: Thread): void {
    resting.worker.unref();
    resting.idle = setTimeout(() => {
      if (thread !== resting) return;
      thread = null;
      void resting.worker.terminate();
    }, KEPT_MS).unref();
  }

  function start(): Thread | null {
    const worker = startWorker(program);
    if (worker === null) return null;
    worker.unref();
    const started: Thread = { worker, waiting: new Map(), isReady: false, idle: undefined };
    const lost = 'Cannot look at the lines of a text: the thread that does it has ended';
    worker.on('message', (said: Said) => hear(started, said));
    worker.on('error', (cause) => lose(started, new Error(lost, { cause })));
    worker.on('exit', () => lose(started, new Error(lost)));
    return started;
  }

  function give(to: Thread, buffer: ArrayBuffer): Promise<FoundLines> {
    const length = buffer.byteLength;
    lastNumber += 1;
    const asked: Asked = { number: lastNumber, bytes: new Uint8Array(buffer) };
    to.worker.postMessage(asked, [buffer]);
    clearTimeout(to.idle);
    to.worker.ref();
    bytesThere += length;
    return new Promise((resolve, reject) => to.waiting.set(asked.number, { length, resolve, reject }));
  }

  return {
    find({ buffer, length }) {
      // Only what has its memory to itself can be moved.
      const isOwn = buffer instanceof ArrayBuffer && buffer.byteLength === length;
      if (length < LEAST_BYTES || !isOwn) return null;
      if (came(length) >= STARTS_AT_BYTES) thread ??= start();
      return thread?.isReady === true && bytesThere + length <= MOST_BYTES ? give(thread, buffer) : null;
    },
  };
}

/** Counts bytes: those of this while and this time. */
function countRecent(): (bytes: number) => number {
  let since = 0;
  let sum = 0;
  return (bytes) => {
    const now = performance.now();
    if (now - since >= COUNTED_FOR_MS) [since, sum] = [now, 0];
    sum += bytes;
    return sum;
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
