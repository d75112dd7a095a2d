import { createHash } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { findGroup, findUser } from '../../posix/names.ts';
import { peerPidfd } from '../../posix/peer-credentials.ts';
import { makePacketPair } from '../../posix/pipes.ts';
import { ConfigurationError } from '../../shared/configuration/configuration-error.ts';
import { parseProgram } from '../../shared/configuration/manifest.ts';
import { parseProfile } from '../../shared/configuration/profile.ts';
import { readSettings } from '../../shared/configuration/settings.ts';
import type { Settings } from '../../shared/configuration/types.generated.ts';
import { namesInPolicy } from '../../shared/policy-names.ts';
import { checkSafePath, listSafeFolder, readSafeFile, type TrustedWriters } from '../../shared/safe-file.ts';
import type { Installation } from '../installation.ts';
import type { Controller } from '../launch/cgroup-tree.ts';
import type { Options } from '../options.ts';
import { openAssignedUsers } from './assigned-users.ts';
import { type BrokerPlan, planBroker } from './broker-plan.ts';
import { digestDriver } from './driver-digest.ts';
import { driverUser } from './driver-user.ts';
import { markOf } from './file-mark.ts';
import { refuseChangeableGrants } from './granted-mounts.ts';
import { type LaunchHost, thisLaunchHost } from './launch-host.ts';
import { type DriverPlan, type PlannedDriver, planDriver } from './plan.ts';
import { refuseFullPools } from './pool-plan.ts';
import { refuseWritableRoots } from './root-folder.ts';
import { readScrubValues, type ScrubValue } from './scrub-values.ts';

/** Largest configuration file, in bytes. */
export const CONFIGURATION_FILE_BYTES = 1_048_576;

/** A file as it was read, once; the broker gets the same bytes. */
export interface ConfigurationFile {
  readonly role: 'settings' | 'profile' | 'manifest' | 'policy';
  /** The profile's name for a profile or its manifest, else the file's name. */
  readonly name: string;
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Its `markOf` before it was read. */
  readonly mark: string | null;
}

export interface ResolvedName {
  readonly name: string;
  readonly id: number;
}

/** One whole configuration, as the monitor understands it. It counts when the broker has accepted it too. */
export interface Generation {
  readonly number: number;
  readonly settings: Settings;
  readonly files: readonly ConfigurationFile[];
  readonly users: readonly ResolvedName[];
  readonly groups: readonly ResolvedName[];
  /** Whether a caller's systemd unit can be proven here (SO_PEERPIDFD, Linux 6.5). */
  readonly unitsProvable: boolean;
  readonly drivers: ReadonlyMap<string, DriverPlan>;
  readonly broker: BrokerPlan;
  /** What is masked in all outputs, whichever driver prints it. */
  readonly scrubValues: readonly ScrubValue[];
  /** Who may write its files. */
  readonly trusted: TrustedWriters;
  /** SHA-256 over the names and bytes of all files, hex. */
  readonly digest: string;
}

/**
 * Reads and checks every file once. Nothing takes effect here.
 * @param controllers what the cgroups of launches can limit here
 * @param files takes each file as it is read, also those of a configuration that is then refused
 * @param playedHost a test's, instead of this one
 * @throws Error whose message names file, line where there is one, and reason
 */
export function loadGeneration(
  number: number,
  options: Options,
  installation: Installation,
  controllers: ReadonlySet<Controller>,
  files: ConfigurationFile[] = [],
  playedHost?: LaunchHost,
): Generation {
  let trusted = trustedWriters(options, installation, null);
  function read(role: ConfigurationFile['role'], path: string, name = basename(path)): Uint8Array {
    const mark = markOf(path);
    const bytes = readSafeFile(path, trusted, CONFIGURATION_FILE_BYTES);
    files.push({ role, name, path, bytes, mark });
    return bytes;
  }

  const settingsPath = join(options.config, 'driverd.yaml');
  const settingsFile = readSettings(settingsPath, read('settings', settingsPath));
  const settings = settingsFile.value;
  if (settings.development && !options.development) {
    throw new Error(
      `Cannot load ${settingsPath}: it is marked development; start driverd with --development to use it`,
    );
  }
  if (settings.trusted_group !== null)
    trusted = trustedWriters(options, installation, groupId(settings.trusted_group));

  const hidden = hiddenFolders(options, settings);
  const { first, last } = settings.identities;
  const assigned = openAssignedUsers(options.state, first, last);
  const host = playedHost ?? thisLaunchHost({ uid: first, gid: first });
  const broker = planBroker(settings, options, installation, host);
  const drivers = new Map<string, DriverPlan>();
  const { profiles: profileFolder, policies: policyFolder } = configurationFolders(options);
  for (const file of listSafeFolder(profileFolder.path, trusted, profileFolder.suffix)) {
    const path = join(profileFolder.path, file);
    const name = file.slice(0, -profileFolder.suffix.length);
    const profileFile = parseProfile(path, read('profile', path, name));
    const profile = profileFile.value;
    const folder = findDriver(profile.driver ?? name, settings.driver_paths, path);
    const manifestPath = join(folder, 'driver.yaml');
    const manifest = read('manifest', manifestPath, name);
    const program = parseProgram(manifestPath, manifest);
    try {
      const user = driverUser(profileFile, name, assigned);
      const { launches } = settings.limits;
      const plan = planDriver({
        ...{ name, read: profileFile, program, folder, hidden, installation, user, host },
        ...{ launches, controllers },
        driverPaths: settings.driver_paths,
        trusted,
      });
      checkSafePath(plan.programFile, trusted);
      refuseSharedUser(plan, profile.user === 'auto', broker, drivers);
      drivers.set(name, { ...plan, ...digestDriver(manifest, plan.programFile) });
    } catch (error) {
      if (error instanceof ConfigurationError) throw error;
      throw new Error(
        `Cannot load ${path}: ${error instanceof Error ? error.message : 'the profile failed'}`,
        { cause: error },
      );
    }
  }

  refuseChangeableGrants(drivers);
  refuseWritableRoots(drivers);
  refuseFullPools(drivers, settings.limits.launches);

  const decoder = new TextDecoder();
  const roles = Object.values(settings.roles);
  const named = {
    users: new Set(roles.flatMap(({ users }) => users)),
    groups: new Set(roles.flatMap(({ groups }) => groups)),
  };
  for (const file of listSafeFolder(policyFolder.path, trusted, policyFolder.suffix)) {
    const names = namesInPolicy(decoder.decode(read('policy', join(policyFolder.path, file))));
    for (const user of names.users) named.users.add(user);
    for (const group of names.groups) named.groups.add(group);
  }

  return {
    number,
    settings,
    files,
    users: resolve(named.users, (name) => findUser(name)?.uid ?? null),
    groups: resolve(named.groups, findGroup),
    unitsProvable: unitsAreProvable(),
    drivers,
    broker,
    scrubValues: readScrubValues(settingsFile),
    trusted,
    digest: digestOf(files),
  };
}

/** Where a configuration's drop-in files lie. */
export function configurationFolders({ config }: Options): {
  readonly [Kind in 'profiles' | 'policies']: { readonly path: string; readonly suffix: string };
} {
  return {
    profiles: { path: join(config, 'drivers.d'), suffix: '.yaml' },
    policies: { path: join(config, 'policy.d'), suffix: '.cedar' },
  };
}

/** The writers that invariant 15 trusts; in development also the owner of the checkout. */
function trustedWriters(options: Options, installation: Installation, group: number | null): TrustedWriters {
  const self = process.geteuid?.() ?? 0;
  const uids = new Set([0, self]);
  const gids = new Set(group === null ? [0] : [0, group]);
  if (options.development) {
    uids.add(installation.ownerUid);
    if (installation.ownerGid !== null) gids.add(installation.ownerGid);
  }
  return { uids, gids };
}

function hiddenFolders(options: Options, settings: Settings): string[] {
  const socket = options.socket ?? settings.socket.path;
  const folders = [options.config, options.state, join(settings.audit.path, '..'), join(socket, '..')];
  // Under both names, where the way to one leads through a link.
  return [
    ...new Set(folders.flatMap((folder) => (existsSync(folder) ? [folder, realpathSync(folder)] : [folder]))),
  ];
}

function findDriver(driver: string, folders: readonly string[], profilePath: string): string {
  const found = folders
    .map((folder) => join(folder, driver))
    .find((folder) => existsSync(join(folder, 'driver.yaml')));
  if (found === undefined) {
    throw new Error(
      `Cannot load ${profilePath}: no driver ${driver} in ${folders.join(', ') || 'driver_paths (empty)'}`,
    );
  }
  return found;
}

/** Invariant 7: no driver runs as the broker's user, and a number given by `auto` is one driver's alone. */
function refuseSharedUser(
  { sandbox }: PlannedDriver,
  isAssigned: boolean,
  broker: BrokerPlan,
  drivers: ReadonlyMap<string, DriverPlan>,
): void {
  if (process.geteuid?.() !== 0) return;
  const { uid, gid } = sandbox;
  if (uid === broker.sandbox.uid || gid === broker.sandbox.gid)
    throw new Error(`its user ${uid}:${gid} is the broker's`);
  if (!isAssigned) return;
  for (const [name, other] of drivers)
    if (other.sandbox.uid === uid) throw new Error(`its user ${uid} is that of ${name} too`);
}

function groupId(name: string): number {
  const id = findGroup(name);
  if (id === null) throw new Error(`Cannot use trusted_group: there is no group ${name}`);
  return id;
}

function resolve(names: ReadonlySet<string>, find: (name: string) => number | null): ResolvedName[] {
  return [...names].flatMap((name) => {
    const id = find(name);
    return id === null ? [] : [{ name, id }];
  });
}

function unitsAreProvable(): boolean {
  const [one, other] = makePacketPair();
  try {
    const pidfd = peerPidfd(one.number);
    pidfd?.close();
    return pidfd !== null;
  } finally {
    one.close();
    other.close();
  }
}

function digestOf(files: readonly ConfigurationFile[]): string {
  const hash = createHash('sha256');
  for (const file of files)
    hash.update(`${file.role}\0${file.path}\0${file.bytes.length}\0`).update(file.bytes);
  return hash.digest('hex');
}
