import { type Logger, pino } from 'pino';

export type Log = Logger;

/** Lines that may wait for a reader of stderr, in bytes; more are dropped. */
const MAXIMUM_WAITING_BYTES = 1_048_576;
/** Attempts at the end of the process to write what waits, 100 ms apart. */
const ATTEMPTS_AT_EXIT = 5;

/**
 * The operational log: JSON lines on stderr, apart from the audit log. No level prints params, results or secrets.
 *
 * Never waits for the reader: stderr is one open file for monitor and broker, and a broker that an attacker owns can
 * fill it and make it non-blocking. The end of a process writes what waits.
 */
export function createLog(name: 'monitor' | 'broker', level: string): Log {
  let attemptsLeft = Number.POSITIVE_INFINITY;
  process.on('exit', () => {
    attemptsLeft = ATTEMPTS_AT_EXIT;
  });
  const destination = pino.destination({
    ...{ dest: 2, sync: false, maxLength: MAXIMUM_WAITING_BYTES },
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
  return pino({ name, level, base: { name } }, destination);
}
