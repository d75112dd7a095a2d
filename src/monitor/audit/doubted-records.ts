import type { Group } from './queue.ts';
import { type Doubt, type StorageFailure, unavailable } from './unavailable.ts';

/** Records that were refused while they were being written: some may stand in the log all the same. */
export interface DoubtedRecords {
  /** Refuses the records of a write that failed, or does not end. */
  refuse(group: Group, cause: StorageFailure): void;
  /** The log was read again, and `last` is the last record of those that were written before. */
  found(last: number): void;
}

export function createDoubtedRecords(): DoubtedRecords {
  let doubted: { readonly seq: number; readonly doubt: Doubt }[] = [];
  return {
    refuse({ waiting, places }, cause) {
      for (const [index, { seq }] of places.entries()) {
        const doubt: Doubt = { isFound: null };
        doubted.push({ seq, doubt });
        waiting[index]?.refused(unavailable(cause, doubt));
      }
    },
    found(last) {
      for (const { seq, doubt } of doubted) doubt.isFound = seq <= last;
      doubted = [];
    },
  };
}
