import { existsSync, lstatSync, readdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { nearestWord } from '../../shared/configuration/nearest-word.ts';
import { isWithin } from '../../shared/configuration/paths.ts';
import { type GrantedPath, grantedPath } from '../../shared/configuration/profile.ts';
import type { Profile } from '../../shared/configuration/types.generated.ts';
import type { ReadFile } from '../../shared/configuration/yaml.ts';
import { COVER_MODE, type Mount } from '../launch/sandbox.ts';

/** Never part of a granted folder above them: processes, devices and sockets of the host. */
const NEVER_BELOW_A_GRANT = ['/proc', '/sys', '/dev', '/run'];
const COVER_BYTES = 4_096;
/** What a write grant must neither be, hold nor lie in: the system that every driver and driverd run on. */
const NEVER_WRITTEN = ['/usr', '/bin', '/sbin', '/lib', '/lib64', '/etc', '/boot', '/proc', '/sys', '/dev'];

export interface Protected {
  /** driverd's own folders: configuration, state, log, socket. */
  readonly hidden: readonly string[];
  /** Folders of programs that run: drivers and driverd itself. */
  readonly programs: readonly string[];
}

/**
 * The mounts of a profile's `filesystem` and `devices`.
 * @param sees whether the driver could look into a folder of the host that lies below a granted one
 * @throws ConfigurationError where a path does not exist, or is not an admin's to grant
 */
export function grantedMounts(
  { value, fail }: ReadFile<Profile>,
  sees: (folder: string) => boolean,
  guarded: Protected,
): readonly Mount[] {
  function mountsOf(kind: 'read' | 'write'): Mount[] {
    return value.filesystem[kind].flatMap((entry, index) => {
      const { path, at } = grantedPath(entry);
      const why = refusal(kind, path, guarded);
      if (why !== null) throw fail(['filesystem', kind, String(index)], why);
      // What is looked at now is what is bound later, whatever a link on the way says by then.
      return mountWithCovers(kind, { path: realpathSync(path), at }, sees, guarded.hidden);
    });
  }
  const scratch = value.filesystem.scratch.map((target): Mount => {
    return { kind: 'empty', target, bytes: value.limits.scratch_bytes, mode: '1777' };
  });
  const devices = value.devices.map((path, index): Mount => {
    const why = existsSync(path) ? null : doesNotExist(path);
    if (why !== null) throw fail(['devices', String(index)], why);
    const stats = lstatSync(realpathSync(path));
    if (!stats.isCharacterDevice() && !stats.isBlockDevice())
      throw fail(['devices', String(index)], `${path} is no device`);
    return { kind: 'device', source: path, target: path };
  });
  return [...mountsOf('read'), ...mountsOf('write'), ...scratch, ...devices];
}

function refusal(kind: 'read' | 'write', path: string, { hidden, programs }: Protected): string | null {
  if (!existsSync(path)) return doesNotExist(path);
  const real = realpathSync(path);
  const own = hidden.find((folder) => isWithin(real, folder));
  if (own !== undefined) return `cannot be granted: ${own} is driverd's own`;
  if (kind === 'read') return null;
  const guarded = [...NEVER_WRITTEN, ...hidden, ...programs];
  const clash = guarded.find((folder) => isWithin(real, folder) || isWithin(folder, real));
  return clash === undefined ? null : `cannot be written: ${clash} is the system's or driverd's own`;
}

/** The granted path, and what is protected below it covered by empty folders. */
function mountWithCovers(
  kind: 'read' | 'write',
  { path, at }: GrantedPath,
  sees: (folder: string) => boolean,
  hidden: readonly string[],
): readonly Mount[] {
  const covers = [...NEVER_BELOW_A_GRANT, ...hidden]
    .filter((folder) => folder !== path && isWithin(folder, path) && existsSync(folder))
    .filter(sees)
    .map((folder): Mount => {
      const below = path === '/' ? folder : folder.slice(path.length);
      return { kind: 'empty', target: join(at, below), bytes: COVER_BYTES, mode: COVER_MODE };
    });
  return [{ kind, source: path, target: at }, ...covers];
}

/**
 * Refuses what a driver could change between two launches: a granted path below one that some driver may write would be
 * followed anew at each launch, links and all.
 * @throws Error
 */
export function refuseChangeableGrants(
  drivers: ReadonlyMap<string, { readonly sandbox: { readonly mounts: readonly Mount[] } }>,
): void {
  const granted = [...drivers].flatMap(([name, { sandbox }]) =>
    sandbox.mounts.flatMap((mount) => ('source' in mount ? [{ name, mount }] : [])),
  );
  for (const writer of granted) {
    if (writer.mount.kind !== 'write') continue;
    for (const other of granted) {
      if (other.mount === writer.mount) continue;
      const sameView = other.name === writer.name && isWithin(other.mount.target, writer.mount.target);
      const below =
        other.mount.source !== writer.mount.source && isWithin(other.mount.source, writer.mount.source);
      if (!sameView && !below) continue;
      throw new Error(
        `Cannot load profile ${other.name}: ${other.mount.source} lies in ${writer.mount.source}, which ${writer.name} may write`,
      );
    }
  }
}

function doesNotExist(path: string): string {
  let folder = dirname(path);
  let name = basename(path);
  while (!existsSync(folder)) {
    name = basename(folder);
    folder = dirname(folder);
  }
  const nearest = nearestWord(name, readdirSync(folder));
  return `${path} does not exist${nearest === null ? '' : `; did you mean ${join(folder, nearest)}?`}`;
}
