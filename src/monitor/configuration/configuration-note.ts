import { join } from 'node:path';
import { isRecord, notOurs, readStateFile, writeStateFile } from '../state-file.ts';
import { digestsOf, type FileDigests } from './file-changes.ts';
import type { Generation } from './load.ts';

const FILE = 'configuration.json';

/** An enabled driver, as records name it. */
export type EnabledDriver = {
  readonly profile: string;
  readonly driver: string;
  readonly driver_digest: string | null;
};

/** What a configuration was made of. */
export interface NotedConfiguration {
  readonly files: FileDigests;
  readonly drivers: ReadonlyMap<string, EnabledDriver>;
}

/** What ran last; kept in the state folder, so that a change shows over a restart too. */
export interface ConfigurationNote {
  /** null: nothing ran yet. */
  readonly last: NotedConfiguration | null;
  /** @throws the system's where it cannot be kept; `last` is the new one all the same */
  take(generation: Generation): void;
}

/** @throws Error where the note is none of driverd's */
export function openConfigurationNote(stateFolder: string): ConfigurationNote {
  const path = join(stateFolder, FILE);
  let last = readNote(path);
  return {
    get last() {
      return last;
    },
    take(generation) {
      last = noteOf(generation);
      const { files, drivers } = last;
      const text = { version: 1, files: Object.fromEntries(files), drivers: [...drivers.values()] };
      writeStateFile(path, `${JSON.stringify(text)}\n`);
    },
  };
}

export function noteOf(generation: Pick<Generation, 'files' | 'drivers'>): NotedConfiguration {
  const drivers = [...generation.drivers.values()].map(
    ({ name, driver, digest }): [string, EnabledDriver] => [
      name,
      { profile: name, driver, driver_digest: digest },
    ],
  );
  return { files: digestsOf(generation), drivers: new Map(drivers) };
}

function readNote(path: string): NotedConfiguration | null {
  const state = readStateFile(path);
  if (state === null) return null;
  const { files, drivers } = state;
  if (!isRecord(files) || !Array.isArray(drivers)) throw notOurs(path);
  return {
    files: new Map(
      Object.entries(files).map(([file, digest]): [string, string | null] => {
        if (digest !== null && typeof digest !== 'string') throw notOurs(path);
        return [file, digest];
      }),
    ),
    drivers: new Map(
      drivers.map((entry: unknown): [string, EnabledDriver] => {
        if (!isEnabledDriver(entry)) throw notOurs(path);
        const { profile, driver, driver_digest } = entry;
        return [profile, { profile, driver, driver_digest }];
      }),
    ),
  };
}

function isEnabledDriver(entry: unknown): entry is EnabledDriver {
  if (!isRecord(entry)) return false;
  const { profile, driver, driver_digest: digest } = entry;
  return (
    typeof profile === 'string' &&
    typeof driver === 'string' &&
    (digest === null || typeof digest === 'string')
  );
}
