import { AuditUnavailable } from './audit/unavailable.ts';

/** A start that failed for no fault of an admin's: another try may succeed, for example on a host that is less busy. */
export class WorthAnotherTry extends Error {}

/** Throws an error on, as WorthAnotherTry where the log could not be written: a full disk has room again some time. */
export function worthAnotherTry(error: unknown): never {
  throw error instanceof AuditUnavailable ? new WorthAnotherTry(error.message, { cause: error }) : error;
}
