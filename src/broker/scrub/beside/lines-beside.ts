import { Worker } from 'node:worker_threads';
import { createBackOff } from './back-off.ts';
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
/** How long it may say nothing while it is waited for, in milliseconds; 60 MiB in six texts take it a second. */
const ANSWERS_WITHIN_MS = 10_000;
/** It holds no more than the rules, the matches and one part of each text. What Node was started with goes before. */
const THREAD_MEMORY = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 96, stackSizeMb: 4 };

/** Looks at the lines of long texts on another processor. */
export interface LinesBeside {
  /**
   * @param bytes where a promise is returned they are moved, and come back with what was found, or are lost
   * @returns null: they are to be looked at here. The promise is not rejected
   */
  find(bytes: Buffer): Promise<LinesAnswer> | null;
}

/** Lost: the bytes went with the thread, or it failed on them. Who has the text makes them anew, and looks at them here. */
export type LinesAnswer = FoundLines | 'lost';

export interface FoundLines {
  readonly bytes: Buffer;
  /** Null: there are so many that they are to be looked for here. */
  readonly matches: readonly LineMatch[] | null;
}

interface Waiting {
  readonly length: number;
  resolve(answer: LinesAnswer): void;
}

interface Thread {
  readonly worker: Worker;
  /** Texts that it has, by their numbers. */
  readonly waiting: Map<number, Waiting>;
  /** Bytes of those. */
  bytesThere: number;
  isReady: boolean;
  idle: NodeJS.Timeout | undefined;
  /** Runs while it is waited for: until it is ready, and while it has texts. */
  silent: NodeJS.Timeout | undefined;
}

/**
 * Starts its thread when there is much to do, and ends it soon after: it takes some 60 MiB.
 * @param program thread.ts, as it lies beside the program that runs
 * @param ended told why it ended where it was not to, or could not be started
 */
export function findLinesBeside(
  program: URL,
  ended: (why: Error) => void,
  answersWithinMs: number = ANSWERS_WITHIN_MS,
): LinesBeside {
  const came = countRecent();
  const backOff = createBackOff();
  let thread: Thread | null = null;
  let lastNumber = 0;

  /** What it had is lost with it: who waits for that looks at it again. */
  function lose(lost: Thread, cause: unknown): void {
    if (thread !== lost) return;
    thread = null;
    clearTimeout(lost.idle);
    clearTimeout(lost.silent);
    backOff.failed();
    // It may still run: it was not heard, or not understood.
    void lost.worker.terminate();
    for (const { resolve } of lost.waiting.values()) resolve('lost');
    lost.waiting.clear();
    lost.bytesThere = 0;
    ended(new Error('Cannot go on looking at long texts beside: the thread that does it is lost', { cause }));
  }

  function expectAnswer(from: Thread): void {
    clearTimeout(from.silent);
    from.silent = setTimeout(
      () => lose(from, new Error(`Cannot wait for it any longer: it said nothing for ${answersWithinMs} ms`)),
      answersWithinMs,
    ).unref();
  }

  function hear(from: Thread, said: Said): void {
    if (thread !== from) return;
    if (said.kind === 'ready') from.isReady = true;
    else answer(from, said);
    if (from.waiting.size === 0) rest(from);
    else expectAnswer(from);
  }

  function answer(from: Thread, said: Exclude<Said, { readonly kind: 'ready' }>): void {
    const waiting = from.waiting.get(said.number);
    if (waiting === undefined) return;
    from.waiting.delete(said.number);
    from.bytesThere -= waiting.length;
    // What fails there fails here too, and is told by who scrubs it.
    if (said.kind === 'failed') return waiting.resolve('lost');
    const { buffer, byteOffset, length } = said.bytes;
    waiting.resolve({ bytes: Buffer.from(buffer, byteOffset, length), matches: said.matches });
  }

  function rest(resting: Thread): void {
    clearTimeout(resting.silent);
    clearTimeout(resting.idle);
    resting.worker.unref();
    resting.idle = setTimeout(() => {
      if (thread !== resting) return;
      thread = null;
      backOff.wentWell();
      void resting.worker.terminate();
    }, KEPT_MS).unref();
  }

  /** Null: none can be started now. */
  function start(): Thread | null {
    if (!backOff.mayTry()) return null;
    const worker = startWorker();
    if (worker === null) return null;
    worker.unref();
    const started: Thread = {
      worker,
      waiting: new Map(),
      bytesThere: 0,
      isReady: false,
      idle: undefined,
      silent: undefined,
    };
    worker.on('message', (said: Said) => hear(started, said));
    worker.on('messageerror', (cause) => lose(started, cause));
    worker.on('error', (cause) => lose(started, cause));
    worker.on('exit', (code) => lose(started, new Error(`Cannot go on: it ended with ${code}`)));
    expectAnswer(started);
    return started;
  }

  /** Null: none could be made, for want of threads (ERR_WORKER_INIT_FAILED, from pthread_create(3)) or whatever else. */
  function startWorker(): Worker | null {
    try {
      return new Worker(program, { env: {}, execArgv: [], resourceLimits: THREAD_MEMORY, name: 'scrub' });
    } catch (cause) {
      backOff.failed();
      ended(new Error('Cannot start the thread that looks at long texts', { cause }));
      return null;
    }
  }

  function give(to: Thread, buffer: ArrayBuffer): Promise<LinesAnswer> {
    const length = buffer.byteLength;
    lastNumber += 1;
    const asked: Asked = { number: lastNumber, bytes: new Uint8Array(buffer) };
    to.worker.postMessage(asked, [buffer]);
    clearTimeout(to.idle);
    to.worker.ref();
    if (to.waiting.size === 0) expectAnswer(to);
    to.bytesThere += length;
    return new Promise((resolve) => to.waiting.set(asked.number, { length, resolve }));
  }

  return {
    find({ buffer, length }) {
      // Only what has its memory to itself can be moved.
      const isOwn = buffer instanceof ArrayBuffer && buffer.byteLength === length;
      if (length < LEAST_BYTES || !isOwn) return null;
      if (came(length) >= STARTS_AT_BYTES) thread ??= start();
      const hasRoom = thread?.isReady === true && thread.bytesThere + length <= MOST_BYTES;
      return thread !== null && hasRoom ? give(thread, buffer) : null;
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
