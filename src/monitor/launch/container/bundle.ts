import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  type Stats,
  statfsSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { isWithin } from '../../../shared/configuration/paths.ts';
import type { DataFile, Mount, SandboxPlan } from '../sandbox.ts';
import type { BoundFile } from './oci-config.ts';

/** Files in memory that have a name, which a bind mount needs; tmpfs on every Linux (proc_mounts(5), statfs(2)). */
const MEMORY_FOLDER = '/dev/shm';
const TMPFS = 0x0102_1994;

/** What one container is started from: a folder in the state folder, 0700 above it. */
export interface Bundle {
  readonly folder: string;
  /** Its `/`: mount points and links, nothing of its own. */
  readonly rootFolder: string;
  readonly files: readonly BoundFile[];
  /** Takes the names of files in memory away; the container's mounts hold them. */
  forgetFiles(): void;
  remove(): void;
}

/**
 * Makes a container's folder. The mount points are made here, one by one: runc would make those that are missing by
 * itself, in whatever is mounted there by then.
 * @param name of its own, which nobody can foresee
 */
export function makeBundle(
  parent: string,
  name: string,
  plan: SandboxPlan,
  dataFiles: readonly DataFile[],
): Bundle {
  const folder = join(parent, name);
  const rootFolder = join(folder, 'rootfs');
  const remove = (): void => removeBundle(parent, name);
  mkdirSync(folder, { mode: 0o700 });
  try {
    makeFolder(rootFolder);
    const files = writeFiles(name, dataFiles);
    makeMountPoints(rootFolder, plan.mounts, files);
    return { folder, rootFolder, files, remove, forgetFiles: () => removeFiles(name) };
  } catch (error) {
    remove();
    throw error;
  }
}

/**
 * Removes what was made for a container; what is gone already is no error.
 * @throws Error where something is mounted below it: what is removed then could be the host's
 */
export function removeBundle(parent: string, name: string): void {
  const folder = join(parent, name);
  const mounted = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .some((line) => isWithin(line.split(' ')[4] ?? '', folder));
  if (mounted) throw new Error(`Cannot remove ${folder}: something is mounted there`);
  rmSync(folder, { recursive: true, force: true });
  removeFiles(name);
}

/** Whatever the umask is. */
function makeFolder(path: string, mode = 0o755): void {
  mkdirSync(path);
  chmodSync(path, mode);
}

function makeMountPoints(rootFolder: string, mounts: readonly Mount[], files: readonly BoundFile[]): void {
  /** What is mounted so far: below it is nothing to make. That it has the place is checked when configuration is loaded. */
  const mounted: string[] = [];
  /** A link on the way would lead to the host's own folders: nothing is made behind one. */
  function thingAt(target: string): Stats | undefined {
    return lstatSync(join(rootFolder, target), { throwIfNoEntry: false });
  }
  function folderAt(target: string): void {
    if (target === '/') return;
    folderAt(dirname(target));
    const there = thingAt(target);
    if (there === undefined) makeFolder(join(rootFolder, target));
    else if (!there.isDirectory()) throw new Error(`Cannot make a place in ${target}: it is no folder`);
  }
  function placeFor(target: string, make: (path: string) => void): void {
    if (mounted.some((other) => isWithin(target, other))) return;
    folderAt(dirname(target));
    const there = thingAt(target);
    if (there === undefined) make(join(rootFolder, target));
    else if (!there.isDirectory()) throw new Error(`Cannot make the place ${target}: something is there`);
  }
  const emptyFile = (path: string): void => writeFileSync(path, '', { mode: 0o444, flag: 'wx' });
  for (const target of ['/dev', '/proc']) folderAt(target);
  for (const mount of mounts) {
    if (mount.kind === 'link') placeFor(mount.target, (path) => symlinkSync(mount.to, path));
    // runc gives a tmpfs the mode of its mount point (runc 1.1, rootfs_linux.go, mountToRootfs).
    else if (mount.kind === 'empty')
      placeFor(mount.target, (path) => makeFolder(path, Number.parseInt(mount.mode, 8)));
    else if (mount.kind !== 'copy')
      placeFor(mount.target, statSync(mount.source).isDirectory() ? (path) => makeFolder(path) : emptyFile);
    if (mount.kind !== 'link' && mount.kind !== 'copy') mounted.push(mount.target);
  }
  for (const { target } of files) placeFor(target, emptyFile);
}

/** Secrets and copies: from one memory into another, never onto a disk. */
function writeFiles(name: string, dataFiles: readonly DataFile[]): readonly BoundFile[] {
  if (dataFiles.length === 0) return [];
  if (statfsSync(MEMORY_FOLDER).type !== TMPFS)
    throw new Error(`Cannot give a container a file: ${MEMORY_FOLDER} does not lie in memory`);
  const folder = join(MEMORY_FOLDER, name);
  mkdirSync(folder, { mode: 0o700 });
  return dataFiles.map(({ content, target }, index) => {
    const source = join(folder, String(index));
    writeFileSync(source, readFileSync(`/proc/self/fd/${content.number}`), { mode: 0o444, flag: 'wx' });
    chmodSync(source, 0o444);
    return { source, target };
  });
}

function removeFiles(name: string): void {
  rmSync(join(MEMORY_FOLDER, name), { recursive: true, force: true });
}
