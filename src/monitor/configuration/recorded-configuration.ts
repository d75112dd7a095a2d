import type { Log } from '../../shared/log.ts';
import type { AuditFields } from '../audit/log.ts';
import type { Recorder } from '../audit/recorder.ts';
import { type ConfigurationNote, noteOf } from './configuration-note.ts';
import {
  changesBetween,
  changesKey,
  digestsOf,
  digestsOfFiles,
  type FileChange,
  type FileDigests,
  recordable,
} from './file-changes.ts';
import type { ConfigurationFile, Generation } from './load.ts';
import { type Violations, violationIn } from './violations.ts';

/** Who asked for a load: a start, or whoever may signal the daemon (root, or its own user); the kernel does not tell Node who. */
export type AskedBy = 'start' | 'signal';

/** Records what was loaded, by whom, and what changed on disk in between. */
export interface RecordedConfiguration {
  /** A generation runs from here on. Returns how many files changed since the one before. */
  taken(generation: Generation, foundBy: 'start' | 'reload'): number;
  /**
   * One was refused.
   * @param files what was read of it by then
   * @param cause null: the broker refused it
   */
  refused(files: readonly ConfigurationFile[], cause: unknown): void;
  /** What stands on disk now, while nobody asked for a load. */
  seen(now: FileDigests): void;
}

/** The files of a configuration, as the record of its load has them. */
export function filesFacts(generation: Generation): AuditFields {
  const files = [...digestsOf(generation)].map(([path, sha256]) => ({ path, sha256 }));
  return { digest: generation.digest, files: recordable(files), file_count: files.length };
}

export function createRecordedConfiguration(
  note: ConfigurationNote,
  running: () => Generation,
  violations: Violations,
  record: Recorder,
  log: Log,
): RecordedConfiguration {
  /** Which changes are on record and not loaded yet. */
  let recorded: string | null = null;

  function tell(changes: readonly FileChange[], foundBy: string): void {
    if (changes.length === 0) {
      recorded = null;
      return;
    }
    const key = changesKey(changes);
    if (key === recorded) return;
    recorded = key;
    const named = recordable(changes);
    log.warn({ files: named.map(({ path }) => path), found: foundBy }, 'files of the configuration changed');
    void record('configuration-changed', {
      ...{ found_by: foundBy, generation: running().number },
      ...{ changes: named, change_count: changes.length },
    });
  }

  return {
    taken(generation, foundBy) {
      const { last } = note;
      const { drivers } = noteOf(generation);
      const changes = last === null ? [] : changesBetween(last.files, digestsOf(generation));
      tell(changes, foundBy);
      const { number } = generation;
      for (const [profile, driver] of drivers)
        if (last?.drivers.has(profile) !== true)
          void record('driver-enabled', { ...driver, generation: number });
      for (const [profile, driver] of last?.drivers ?? [])
        if (!drivers.has(profile)) void record('driver-disabled', { ...driver, generation: number });
      try {
        note.take(generation);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error)) throw error;
        log.error(
          { reason: error.message },
          'what was loaded could not be noted; a restart compares with older files',
        );
      }
      recorded = null;
      return changes.length;
    },
    refused(files, cause) {
      const violation = violationIn(cause);
      if (violation !== null) violations.found(violation, 'reload');
      // What was not read any more is not known to be gone.
      const read = digestsOfFiles(files);
      const before = new Map([...(note.last?.files ?? [])].filter(([path]) => read.has(path)));
      tell(changesBetween(before, read), 'reload');
    },
    seen: (now) => tell(changesBetween(note.last?.files ?? new Map(), now), 'watch'),
  };
}
