import { type Logger, pino } from 'pino';

export type Log = Logger;

/** Lines that may wait for a reader of stderr, in bytes; more are dropped. */
const MAXIMUM_WAITING_BYTES = 1_048_576;
/** Attempts at the end of the process to write what waits, 100 ms apart. */
const ATTEMPTS_AT_EXIT = 5;
/** Longest wait of `flushLog`, in milliseconds. */
const FLUSH_WITHIN_MS = 500;
/** Codes as Node and the kernel have them: ENOENT, ERR_OUT_OF_RANGE. */
const ERROR_CODE = /^[A-Z][A-Z0-9_]{1,63}$/;

/**
 * The operational log: JSON lines on stderr, apart from the audit log. No level prints params, results or secrets.
 *
 * Never waits for the reader: stderr is one open file for monitor and broker, and a broker that an attacker owns can
 * fill it and make it non-blocking. The end of a process writes what waits.
 * @param scrub gets every line, with its end, and returns what is written instead
 */
export function createLog(name: 'monitor' | 'broker', level: string, scrub?: (line: string) => string): Log {
  let attemptsLeft = Number.POSITIVE_INFINITY;
  process.on('exit', () => {
    attemptsLeft = ATTEMPTS_AT_EXIT;
  });
  const destination = pino.destination({
    // A line is written at once all the same; with 0 a flush would not wait for what is on its way.
    ...{ dest: 2, sync: false, minLength: 1, maxLength: MAXIMUM_WAITING_BYTES },
    retryEAGAIN() {
      attemptsLeft -= 1;
      return attemptsLeft >= 0;
    },
  });
  const flush = destination.flushSync.bind(destination);
  destination.flushSync = () => {
    try {
      flush();
    } catch (error) {
      // Nobody reads: the process ends all the same.
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    }
  };
  const hooks = scrub === undefined ? {} : { hooks: { streamWrite: scrub } };
  return pino({ name, level, base: { name }, serializers: { error: describeError }, ...hooks }, destination);
}

/** Settles when what was logged is written, or after half a second: nobody may read. */
export function flushLog(log: Log): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, FLUSH_WITHIN_MS);
    log.flush(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/**
 * What an error may say in the log: its name, its code, and where in driverd it was thrown. Its message and members
 * may quote what a caller or a driver sent, so they are left out.
 */
export function describeError(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { type: typeof error };
  const { name, message, stack = '' } = error;
  const code: unknown = 'code' in error ? error.code : undefined;
  const heading = message === '' ? name : `${name}: ${message}`;
  // Where the heading is another one, nothing tells its lines from those of the frames.
  const frames = stack.startsWith(`${heading}\n`) ? stack.slice(heading.length).split('\n') : [];
  return {
    type: error.constructor.name,
    ...(typeof code === 'string' && ERROR_CODE.test(code) ? { code } : {}),
    at: frames.map((frame) => frame.trim()).filter((frame) => frame.startsWith('at ')),
  };
}
