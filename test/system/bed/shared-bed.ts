import { inject } from 'vitest';
import { type Bed, type BedKind, bedAt } from './bed.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    bedSockets: Readonly<Record<string, string>>;
  }
}

/**
 * The bed of a kind that all files of tests share: a test leaves it as it found it. `stop` lets go of the connection
 * only, which ends with the file's process anyhow.
 */
export function sharedBed(kind: BedKind): Bed {
  const socket = inject('bedSockets')[kind];
  if (socket === undefined) throw new Error(`Cannot use the bed "${kind}": this run has not booted it`);
  return bedAt(kind, socket, async () => undefined);
}
