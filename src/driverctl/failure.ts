import type { JsonObject } from '../shared/json-value.ts';
import { type ExitName, exitForReason } from './exit-codes.ts';

/** driverctl cannot do what it was asked; `message` is "Cannot <do what>: <why>". */
export class Failure extends Error {
  readonly exit: ExitName;

  constructor(exit: ExitName, message: string) {
    super(message);
    this.name = 'Failure';
    this.exit = exit;
  }
}

/** An error object of the daemon, its shape checked, its words not trusted. */
export interface DaemonError {
  readonly code: number;
  readonly message: string;
  readonly data: JsonObject;
}

/** The daemon answered with an error. */
export class DaemonFailure extends Failure {
  readonly error: DaemonError;

  /** @param exit where it is another than the daemon's reason stands for */
  constructor(error: DaemonError, exit?: ExitName) {
    const { reason } = error.data;
    super(exit ?? (typeof reason === 'string' ? exitForReason(reason) : 'other'), error.message);
    this.name = 'DaemonFailure';
    this.error = error;
  }
}

/** Why something failed, as the second half of "Cannot <do what>: <why>". */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  const { code } = error as NodeJS.ErrnoException;
  const words: Readonly<Record<string, string>> = {
    ENOENT: 'it does not exist',
    EACCES: 'permission denied',
    ECONNREFUSED: 'nobody listens there',
    ENOTSOCK: 'it is not a socket',
    ENOTDIR: 'a part of the path is not a folder',
    EISDIR: 'it is a folder',
    EPIPE: 'its reader has gone',
    ENOSPC: 'no space left on the device',
    EAGAIN: 'too many connections are waiting there',
  };
  return code === undefined ? error.message.replace(/^Cannot [^:]*: /u, '') : (words[code] ?? code);
}
