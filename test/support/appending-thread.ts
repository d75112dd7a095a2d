import { type Appender, startAppender } from '../../src/monitor/audit/appender.ts';

export const APPENDING_THREAD = new URL('../../src/monitor/audit/appending-thread.ts', import.meta.url);

/** The thread of the daemon's own that appends to the audit log at `path`, from the sources. */
export function startAppendingThread(path: string): Appender {
  return startAppender(APPENDING_THREAD, path);
}

/** The programs of a daemon's threads, from the sources. */
export const AUDIT_THREADS = {
  appending: APPENDING_THREAD,
  compressing: new URL('../../src/monitor/audit/compressing-thread.ts', import.meta.url),
};
