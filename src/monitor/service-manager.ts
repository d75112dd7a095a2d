import { sendNotification } from '../posix/notify.ts';
import type { Log } from '../shared/log.ts';

/** Longest status that is told, in characters. */
const STATUS_CHARACTERS = 512;

/** What is told to whoever started the daemon, as sd_notify(3) has it; nothing where nobody asked. */
export interface ServiceManager {
  /** It serves, or serves again after a reload. */
  ready(status: string): void;
  /** It reads its configuration anew; `ready` ends it. */
  reloading(): void;
  status(text: string): void;
  /** @param withinMs the longest that the end may take, in milliseconds */
  stopping(withinMs: number): void;
}

/**
 * The service manager that asks for notifications by `NOTIFY_SOCKET`, which is removed: it is no child's. One that does not
 * listen is named in the log, and does not keep driverd from its work.
 */
export function findServiceManager(environment: NodeJS.ProcessEnv, log: Log): ServiceManager {
  const { NOTIFY_SOCKET: address } = environment;
  delete environment['NOTIFY_SOCKET'];
  function tell(...lines: readonly string[]): void {
    if (address === undefined || address === '') return;
    try {
      sendNotification(address, lines.join('\n'));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      log.warn({ reason: error.message }, 'the service manager was not told');
    }
  }
  const statusLine = (text: string): string =>
    `STATUS=${text.replaceAll(/\s+/g, ' ').slice(0, STATUS_CHARACTERS)}`;
  return {
    ready: (status) => tell('READY=1', statusLine(status)),
    reloading: () => tell('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1_000n}`),
    status: (text) => tell(statusLine(text)),
    stopping: (withinMs) =>
      tell('STOPPING=1', `EXTEND_TIMEOUT_USEC=${withinMs * 1_000}`, statusLine('stopping')),
  };
}
