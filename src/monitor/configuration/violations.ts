import type { Log } from '../../shared/log.ts';
import { UntrustedFile } from '../../shared/safe-file.ts';
import type { Recorder } from '../audit/recorder.ts';

/** Violations that are known at once; beyond it none is taken up before another has ended. */
const KNOWN = 1_024;
const LONGEST_PATH = 4_096;
const LONGEST_WHY = 512;

/** A file of driverd's that somebody else owns or could change. */
export interface Violation {
  readonly path: string;
  readonly why: string;
}

/** Records each violation once, for as long as it lasts. */
export interface Violations {
  found(violation: Violation, foundBy: 'reload' | 'watch'): void;
  /** Those that are not among these have ended: found again, they are recorded again. */
  keepOnly(lasting: readonly Violation[]): void;
}

export function createViolations(record: Recorder, log: Log): Violations {
  const known = new Set<string>();
  const keyOf = ({ path, why }: Violation): string => `${path}\0${why}`;
  return {
    found(violation, foundBy) {
      const key = keyOf(violation);
      if (known.has(key) || known.size >= KNOWN) return;
      known.add(key);
      const path = violation.path.slice(0, LONGEST_PATH);
      const why = violation.why.slice(0, LONGEST_WHY);
      log.error({ path, reason: why }, 'a file is not as it has to be');
      void record('permission-violation', { path, why, found_by: foundBy });
    },
    keepOnly(lasting) {
      const keys = new Set(lasting.map(keyOf));
      for (const key of known) if (!keys.has(key)) known.delete(key);
    },
  };
}

/** The violation that an error is about, or was caused by; null: it is about something else. */
export function violationIn(error: unknown): Violation | null {
  if (error instanceof UntrustedFile) return { path: error.path, why: error.why };
  return error instanceof Error && error.cause !== undefined ? violationIn(error.cause) : null;
}
