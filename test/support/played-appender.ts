import { constants } from 'node:os';
import { appendedUnlessFailed } from '../../src/monitor/audit/append-failure.ts';
import { type AppendingSystem, appendInOrder, NODE_SYSTEM } from '../../src/monitor/audit/append-in-order.ts';
import type { Appender, GivenUp } from '../../src/monitor/audit/appender.ts';

/** The disk that an audit log is appended to: a test takes a method's place, and the step is watched, is cut or fails. */
export interface PlayedDisk extends Omit<AppendingSystem, 'stands'> {
  /** Before the first step of an addition and behind its last; the monitor goes on meanwhile. */
  begins(): Promise<void>;
  answers(): Promise<void>;
}

/**
 * Appends by the very steps of the daemon's thread, on the same files, in the thread of the test: what is played is the disk,
 * which does what it is asked until a test has it do otherwise.
 */
export function playAppender(path: string): { readonly appender: Appender; readonly disk: PlayedDisk } {
  const disk: PlayedDisk = { ...NODE_SYSTEM, begins: async () => undefined, answers: async () => undefined };
  let came: GivenUp | 'nothing' = 'done';
  const stands = (): boolean => {
    if (came === 'given-up') return false;
    came = 'stands';
    return true;
  };
  const appender: Appender = {
    async append(appended) {
      came = 'nothing';
      await disk.begins();
      const outcome = appendInOrder(appended, path, { ...disk, stands });
      await disk.answers();
      came = 'done';
      return appendedUnlessFailed(outcome, appended.expected.size);
    },
    giveUp() {
      if (came === 'nothing') came = 'given-up';
      return came;
    },
    stop: () => undefined,
  };
  return { appender, disk };
}

/** What a system call fails with, as node:fs throws it. */
export function diskError(code: 'EIO' | 'ENOSPC' | 'EACCES'): Error {
  const errno = -constants.errno[code];
  return Object.assign(new Error(`${code}: made by the test`), { code, errno });
}
