import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { AuditFields } from '../../shared/audit/fields.ts';
import type { AuditEvent } from '../../shared/audit/record.ts';
import { AuditUnavailable } from './unavailable.ts';

/** Bytes that can still be written on the disk of a file's folder; null where the file system does not say (statfs(2)). */
export async function freeBytes(path: string): Promise<number | null> {
  const { bavail, bsize, blocks } = await statfs(dirname(path));
  return blocks === 0 ? null : bavail * bsize;
}

/** Warns of low space before anything has to be refused. */
export interface SpaceWatch {
  readonly isLow: boolean;
  /** Looks at the free space; one look at a time. */
  look(): void;
}

export interface SpaceWatchOptions {
  readonly path: string;
  /** Bytes below which it warns; 0: never. */
  readonly lowWater: () => number;
  readonly append: (
    event: AuditEvent,
    facts: AuditFields,
    claims: AuditFields,
    durable: boolean,
  ) => Promise<unknown>;
  report(message: string, details: AuditFields): void;
  /** `isLow` has changed. */
  changed(): void;
}

export function watchSpace({ path, lowWater, append, report, changed }: SpaceWatchOptions): SpaceWatch {
  let isLow = false;
  let isLooking = false;
  /** Of the present fall below the mark. */
  let isRecorded = false;

  async function lookOnce(): Promise<void> {
    const free = await freeBytes(path);
    const mark = lowWater();
    const wasLow = isLow;
    isLow = free !== null && free < mark;
    if (!isLow) isRecorded = false;
    if (isLow !== wasLow) changed();
    if (free === null || !isLow || isRecorded) return;
    const facts = { free_bytes: free, low_water_bytes: mark };
    if (!wasLow) report('little space is left for the audit log', facts);
    await append('audit-low-space', facts, {}, false);
    isRecorded = true;
  }

  return {
    get isLow() {
      return isLow;
    },
    look() {
      if (isLooking) return;
      isLooking = true;
      lookOnce()
        .catch((error: unknown) => {
          // The next look tries again. That the log cannot be written is told by itself.
          if (error instanceof AuditUnavailable) return;
          report('the free space was not recorded', {
            reason: error instanceof Error ? error.message : String(error),
          });
        })
        .finally(() => {
          isLooking = false;
        });
    },
  };
}
