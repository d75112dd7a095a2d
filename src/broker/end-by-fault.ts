import type { Log } from '../shared/log.ts';

const EXIT_BY_FAULT = 2;

/**
 * Ends the broker at a fault that nothing else took. Node itself would print the error as it is, with what it quotes of
 * a caller's or a driver's bytes.
 */
export function endByFault(log: Log): void {
  process.on('uncaughtException', (error) => {
    log.fatal({ error }, 'the broker ends by a fault of its own');
    process.exit(EXIT_BY_FAULT);
  });
}
