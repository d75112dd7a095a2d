import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type Stats,
} from 'node:fs';
import { join, resolve } from 'node:path';

/** Who may write configuration (invariant 15). ACLs are not looked at: their mask shows in the group bits. */
export interface TrustedWriters {
  readonly uids: ReadonlySet<number>;
  /** Groups whose write bit is allowed. */
  readonly gids: ReadonlySet<number>;
}

/** Somebody who is not trusted owns a file or a folder above it, or could change one of them. */
export class UntrustedFile extends Error {
  override readonly name = 'UntrustedFile';
  readonly path: string;
  readonly why: string;

  constructor(path: string, why: string) {
    super(`Cannot trust ${path}: ${why}`);
    this.path = path;
    this.why = why;
  }
}

/** Most entries of a drop-in folder. */
const MAXIMUM_ENTRIES = 1_024;
/** Most symbolic links on the way to a file, as path_resolution(7) has it. */
const MAXIMUM_LINKS = 40;
const STICKY = 0o1000;
const SET_IDS = 0o6000;
const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;

/**
 * Reads a file that nobody but the trusted can have written: opened without following a last link, a regular file with
 * one name, every folder above it checked.
 * @param maximumBytes largest size, from 1
 * @throws UntrustedFile "Cannot trust FILE: why", or the system's (ENOENT)
 */
export function readSafeFile(path: string, trusted: TrustedWriters, maximumBytes: number): Uint8Array {
  checkFolders(path, trusted);
  // O_NONBLOCK: a FIFO without a writer must not hold us up.
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw distrust(path, 'it is not a regular file');
    if (stats.nlink > 1) throw distrust(path, 'it has more than one name');
    checkWriters(path, path, stats, trusted);
    if (stats.size > maximumBytes) throw distrust(path, `it is larger than ${maximumBytes} bytes`);
    // One byte more than the limit: a file that grows while it is read is refused too.
    const buffer = Buffer.alloc(Math.min(stats.size, maximumBytes) + 1);
    let length = 0;
    for (let got = -1; got !== 0 && length < buffer.length; length += got) {
      got = readSync(descriptor, buffer, length, buffer.length - length, null);
    }
    if (length > stats.size) throw distrust(path, 'it grew while it was read');
    return buffer.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Names of the files of a drop-in folder with exactly this suffix, sorted; what editors leave behind is none of them.
 * A folder that is not there is empty.
 * @throws UntrustedFile where the folder is not to be trusted or has too many entries
 */
export function listSafeFolder(path: string, trusted: TrustedWriters, suffix: string): string[] {
  let names: string[];
  try {
    names = readdirSync(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  checkFolders(join(path, 'x'), trusted);
  if (names.length > MAXIMUM_ENTRIES) throw distrust(path, `it has more than ${MAXIMUM_ENTRIES} entries`);
  return names
    .filter((name) => !name.startsWith('.') && name.endsWith(suffix) && name.length > suffix.length)
    .sort();
}

/** Checks a program and every folder above it; a set-uid or set-gid file is refused. Throws as `readSafeFile`. */
export function checkSafePath(path: string, trusted: TrustedWriters): void {
  const target = checkFolders(path, trusted);
  const stats = lstatSync(target);
  if (!stats.isFile()) throw distrust(path, 'it is not a regular file');
  if ((stats.mode & SET_IDS) !== 0) throw distrust(path, 'it is set-uid or set-gid');
  checkWriters(path, target, stats, trusted);
}

/** Checks a folder and every folder above it; a sticky one that everybody can write is refused too. Throws as `readSafeFile`. */
export function checkSafeFolder(path: string, trusted: TrustedWriters): void {
  const target = checkFolders(path, trusted);
  const stats = lstatSync(target);
  if (!stats.isDirectory()) throw distrust(path, 'it is not a folder');
  checkWriters(path, target, stats, trusted);
  if ((stats.mode & OTHERS_WRITE) !== 0) throw distrust(path, 'everybody can write it');
}

/** Walks a path from the root, through links, checking each folder; returns the path without links. */
function checkFolders(path: string, trusted: TrustedWriters): string {
  let parts = resolve(path).split('/').filter(Boolean);
  let at = '/';
  let links = 0;
  checkWriters(path, at, lstatSync(at), trusted);
  for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
    const next = join(at, part);
    const stats = lstatSync(next, { throwIfNoEntry: false });
    // What is missing is the opener's to report.
    if (stats === undefined) return join(next, ...parts);
    if (stats.isSymbolicLink()) {
      links += 1;
      if (links > MAXIMUM_LINKS) throw distrust(path, 'it has too many symbolic links');
      const target = resolve(at, readlinkSync(next));
      parts = [...target.split('/').filter(Boolean), ...parts];
      at = '/';
      continue;
    }
    if (parts.length > 0) checkWriters(path, next, stats, trusted);
    at = next;
  }
  return at;
}

/** Whoever owns or may write `subject` must be trusted; a sticky folder of a trusted owner (/tmp) passes. */
function checkWriters(path: string, subject: string, stats: Stats, trusted: TrustedWriters): void {
  const what = subject === path ? 'it' : subject;
  if (!trusted.uids.has(stats.uid)) throw distrust(path, `user ${stats.uid} owns ${what}`);
  if (stats.isDirectory() && (stats.mode & STICKY) !== 0) return;
  if ((stats.mode & OTHERS_WRITE) !== 0) throw distrust(path, `everybody can write ${what}`);
  if ((stats.mode & GROUP_WRITES) !== 0 && !trusted.gids.has(stats.gid)) {
    throw distrust(path, `group ${stats.gid} can write ${what}`);
  }
}

function distrust(path: string, why: string): UntrustedFile {
  return new UntrustedFile(path, why);
}
