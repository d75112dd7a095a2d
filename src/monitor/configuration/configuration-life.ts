import type { Log } from '../../shared/log.ts';
import type { ParamsKeys } from '../audit/params-keys.ts';
import type { Recorder } from '../audit/recorder.ts';
import { renewParamsKey } from '../audit/renew-params-key.ts';
import type { Options } from '../options.ts';
import { openConfigurationNote } from './configuration-note.ts';
import type { Accepted } from './exchange.ts';
import type { Generations } from './generations.ts';
import type { GrantNotes } from './grant-notes.ts';
import type { ConfigurationFile, Generation } from './load.ts';
import { type AskedBy, createRecordedConfiguration, filesFacts } from './recorded-configuration.ts';
import { createReloader } from './reloader.ts';
import { reportGrants } from './report-grants.ts';
import { createViolations } from './violations.ts';
import { createWatch, type OwnPlaces } from './watch.ts';

/** Characters of a reason that a record holds. */
const RECORDED_REASON = 512;

export interface ConfigurationLifeParts {
  readonly options: Options;
  readonly own: OwnPlaces;
  readonly generations: Generations;
  readonly grantNotes: GrantNotes;
  readonly keys: ParamsKeys;
  readonly record: Recorder;
  readonly log: Log;
  /** @param files takes what was read, also where it throws */
  load(number: number, files: ConfigurationFile[]): Generation;
  offer(generation: Generation): Promise<Accepted | string>;
}

/** The configuration that runs: taken at the start and at reloads, looked at in between, all of it on record. */
export interface ConfigurationLife {
  /** The first one runs. */
  begin(): void;
  /** Loads everything anew and takes it, or keeps what runs; one at a time. */
  reload(): Promise<void>;
  stop(): void;
}

/** @throws Error where the note of the last configuration is none of driverd's */
export function createConfigurationLife(parts: ConfigurationLifeParts): ConfigurationLife {
  const { options, own, generations, grantNotes, keys, record, log } = parts;
  const note = openConfigurationNote(options.state);
  const violations = createViolations(record, log);
  const recorded = createRecordedConfiguration(note, () => generations.current, violations, record, log);
  const askedBy: AskedBy = 'signal';
  let files: ConfigurationFile[] = [];
  let look: ReturnType<typeof createWatch> | null = null;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  function renewKey(): void {
    renewParamsKey(keys, generations.current.settings.audit.params_key_days, record, log);
  }

  function watchOn(): void {
    clearTimeout(timer);
    if (isStopped) return;
    timer = setTimeout(() => {
      watchOnce();
      watchOn();
    }, generations.current.settings.audit.watch_ms).unref();
  }

  function watchOnce(): void {
    renewKey();
    try {
      const seen = look?.(generations.current);
      if (seen === undefined) return;
      violations.keepOnly(seen.violations);
      for (const violation of seen.violations) violations.found(violation, 'watch');
      recorded.seen(seen.files);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      log.error({ reason: error.message }, 'the files of the configuration could not be looked at');
    }
  }

  const reload = createReloader(generations.current.number, {
    load(number) {
      files = [];
      return parts.load(number, files);
    },
    offer: parts.offer,
    async taken(next, { changes, changeCount }) {
      generations.take(next);
      reportGrants(next.drivers, grantNotes, record, log);
      log.level = next.settings.log_level;
      log.info({ generation: next.number }, 'the configuration was reloaded');
      const changed = recorded.taken(next, 'reload');
      const { durability } = next.settings.audit;
      const facts = { generation: next.number, asked_by: askedBy, ...filesFacts(next), changed, durability };
      // Both run it by now: a record that cannot be written is counted, and said in the operational log.
      const claims = { changes, change_count: changeCount };
      await record('reload', facts, claims, true).catch(() => undefined);
      renewKey();
      watchOn();
    },
    refused(why, said, cause) {
      log.error({ reason: why, said }, 'the configuration was not reloaded; the running one stays');
      recorded.refused(files, cause);
      const facts = { reason: why.slice(0, RECORDED_REASON), asked_by: askedBy, files_read: files.length };
      // What the broker said is a claim: printable text, bounded by the boundary.
      void record('reload-refused', facts, said === null ? {} : { said: said.slice(0, RECORDED_REASON) });
    },
  });

  return {
    begin() {
      recorded.taken(generations.current, 'start');
      reportGrants(generations.current.drivers, grantNotes, record, log);
      renewKey();
      look = createWatch(options, own);
      watchOn();
    },
    reload,
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
