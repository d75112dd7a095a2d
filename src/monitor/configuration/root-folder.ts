import { existsSync, lstatSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { isWithin } from '../../shared/configuration/paths.ts';
import type { Profile } from '../../shared/configuration/types.generated.ts';
import type { ReadFile } from '../../shared/configuration/yaml.ts';
import { checkSafeFolder, checkSafePath, type TrustedWriters } from '../../shared/safe-file.ts';
import type { Mount } from '../launch/sandbox.ts';

/** Never taken from a root folder: each sandbox has its own, or none. */
const NOT_OF_A_ROOT = new Set(['proc', 'sys', 'dev', 'run', 'tmp', 'driver', 'node', 'node_modules']);
/** What the gate is. */
const SHELL = '/bin/sh';
/** Most symbolic links on the way to a file, as path_resolution(7) has it. */
const MAXIMUM_LINKS = 40;

/**
 * The folder that a profile names as root, without links, or null where it names none. Nobody but the trusted may write
 * it, the way to it, or the shell in it, which is the gate; the rest of what lies in it is its admin's to look after.
 * @param hidden driverd's own folders
 * @throws ConfigurationError
 */
export function rootFolderOf(
  { value, fail }: ReadFile<Profile>,
  trusted: TrustedWriters,
  hidden: readonly string[],
): string | null {
  const { root: path } = value;
  if (path === undefined) return null;
  if (!existsSync(path)) throw fail(['root'], `${path} does not exist`);
  const root = realpathSync(path);
  const own = hidden.find((folder) => isWithin(root, folder) || isWithin(folder, root));
  if (own !== undefined) throw fail(['root'], `${path} cannot be one: ${own} is driverd's own`);
  const shell = resolveInRoot(root, SHELL);
  if (shell === null) throw fail(['root'], `${path} has no ${SHELL}, which starts every driver`);
  try {
    checkSafeFolder(root, trusted);
    checkSafePath(shell, trusted);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw Object.assign(fail(['root'], error.message), { cause: error });
  }
  return root;
}

/**
 * The folder's entries, each bound by itself: a root folder that is bound as a whole, read-only, has no place for
 * /driver and for what is granted.
 */
export function rootView(root: string): readonly Mount[] {
  return readdirSync(root, { withFileTypes: true })
    .filter(({ name }) => !NOT_OF_A_ROOT.has(name))
    .flatMap((entry): Mount[] => {
      const target = `/${entry.name}`;
      const source = join(root, entry.name);
      if (entry.isSymbolicLink()) return [{ kind: 'link', to: readlinkSync(source), target }];
      return entry.isDirectory() || entry.isFile() ? [{ kind: 'read', source, target }] : [];
    });
}

/**
 * Why something of a view cannot be put below an entry of its root folder, or null: nothing can be made there, since it is
 * read-only, and a link on the way would lead somewhere else.
 */
export function missingMountPoint(root: string, mounts: readonly Mount[]): string | null {
  const entries = mounts.filter((mount) => 'source' in mount && dirname(mount.source) === root);
  const links = mounts.filter((mount) => mount.kind === 'link' && dirname(mount.target) === '/');
  for (const mount of mounts) {
    const link = links.find((other) => other !== mount && isWithin(mount.target, other.target));
    if (link !== undefined) return `${mount.target} would lie behind its link ${link.target}`;
    if (!entries.some(({ target }) => mount.target !== target && isWithin(mount.target, target))) continue;
    const place = join(root, mount.target);
    const isFolder = !('source' in mount) || statSync(mount.source).isDirectory();
    const found = resolveInRoot(root, mount.target) === place ? lstatSync(place) : null;
    if (isFolder ? found?.isDirectory() : found?.isFile()) continue;
    return `it has no place for ${mount.target}: make the ${isFolder ? 'folder' : 'empty file'} ${place}`;
  }
  return null;
}

/** Where a path of the root folder's own view leads, links within it followed as they are from inside; or null. */
export function resolveInRoot(root: string, path: string): string | null {
  let parts = path.split('/').filter(Boolean);
  let at = '/';
  let links = 0;
  for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
    const next = join(at, part);
    const stats = lstatSync(join(root, next), { throwIfNoEntry: false });
    if (stats === undefined) return null;
    if (!stats.isSymbolicLink()) {
      if (parts.length > 0 && !stats.isDirectory()) return null;
      at = next;
      continue;
    }
    links += 1;
    if (links > MAXIMUM_LINKS) return null;
    const to = readlinkSync(join(root, next));
    if (isAbsolute(to)) at = '/';
    parts = [...to.split('/').filter(Boolean), ...parts];
  }
  return join(root, at);
}

/**
 * Refuses a root folder, or part of one, that some driver may write: what another driver runs would be its to change
 * (invariant 7).
 * @throws Error
 */
export function refuseWritableRoots(
  drivers: ReadonlyMap<
    string,
    { readonly root: string | null; readonly sandbox: { readonly mounts: readonly Mount[] } }
  >,
): void {
  for (const [name, { root }] of drivers) {
    if (root === null) continue;
    for (const [writer, { sandbox }] of drivers)
      for (const mount of sandbox.mounts)
        if (mount.kind === 'write' && (isWithin(mount.source, root) || isWithin(root, mount.source)))
          throw new Error(
            `Cannot load profile ${name}: ${writer} may write ${mount.source} in its root ${root}`,
          );
  }
}
