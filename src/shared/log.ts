import { type Logger, pino } from 'pino';

export type Log = Logger;

/**
 * The operational log: JSON lines on stderr, apart from the audit log. Synchronous, so that the line that says why a
 * process ends is written. No level prints params, results or secrets.
 */
export function createLog(name: 'monitor' | 'broker', level: string): Log {
  return pino({ name, level, base: { name } }, pino.destination({ dest: 2, sync: true }));
}
