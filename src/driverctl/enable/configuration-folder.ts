import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findGroup } from '../../posix/names.ts';
import { parseManifest } from '../../shared/configuration/manifest.ts';
import { parseSettings } from '../../shared/configuration/settings.ts';
import type { Manifest, Settings } from '../../shared/configuration/types.generated.ts';
import { readSafeFile, type TrustedWriters } from '../../shared/safe-file.ts';
import { Failure, reasonOf } from '../failure.ts';
import type { Invocation } from '../invocation.ts';

const DEFAULT_CONFIG = '/etc/driverd';
/** As the daemon has it. */
export const CONFIGURATION_FILE_BYTES = 1_048_576;

/** The daemon's configuration, as far as driverctl reads it. */
export interface ConfigurationFolder {
  readonly settings: Settings;
  /** Who may write what driverctl reads and changes. */
  readonly trusted: TrustedWriters;
  readonly profilePath: (profile: string) => string;
  readonly policyPath: (profile: string) => string;
}

/**
 * Reads the settings in `--config`.
 * @throws Failure (other) where they are missing, broken, or others could have written them
 */
export function openConfiguration({
  options,
  uid,
}: Pick<Invocation, 'options' | 'uid'>): ConfigurationFolder {
  const folder = resolve(options.config ?? DEFAULT_CONFIG);
  const trusted = trustedWriters(uid);
  const path = join(folder, 'driverd.yaml');
  const settings = orFailure(path, () =>
    parseSettings(path, readSafeFile(path, trusted, CONFIGURATION_FILE_BYTES)),
  );
  const name = settings.trusted_group;
  const group = name === null ? null : orFailure(path, () => findGroup(name));
  return {
    settings,
    trusted: group === null ? trusted : { ...trusted, gids: new Set([...trusted.gids, group]) },
    profilePath: (profile) => join(folder, 'drivers.d', `${profile}.yaml`),
    policyPath: (profile) => join(folder, 'policy.d', `${profile}.cedar`),
  };
}

/**
 * The manifest of a driver, from the first folder of `driver_paths` that has it.
 * @param name checked: it becomes a part of a path
 * @throws Failure (other) where there is none, or it is not accepted
 */
export function readDriver(name: string, { settings, trusted }: ConfigurationFolder): Manifest {
  const folders = settings.driver_paths;
  const path = folders.map((folder) => join(folder, name, 'driver.yaml')).find((file) => existsSync(file));
  if (path === undefined) {
    const places = folders.join(', ') || 'driver_paths (empty)';
    throw new Failure('other', `Cannot find ${name}: there is no such driver in ${places}`);
  }
  return orFailure(
    path,
    () => parseManifest(path, readSafeFile(path, trusted, CONFIGURATION_FILE_BYTES)).value,
  );
}

/** Root, who runs this, and whoever owns driverctl itself: they could make it do anything as it is. */
export function trustedWriters(uid: number): TrustedWriters {
  const owner = statSync(fileURLToPath(import.meta.url));
  // A user's private group has the user's own number.
  const groups = owner.gid === owner.uid ? [0, owner.gid] : [0];
  return { uids: new Set([0, uid, owner.uid]), gids: new Set(groups) };
}

/** Makes a `Failure` (other) of what a reader of configuration throws: a whole sentence, or a system's error. */
export function orFailure<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const why = 'code' in error ? `Cannot read ${path}: ${reasonOf(error)}` : error.message;
    throw new Failure('other', why);
  }
}
