import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from './unavailable.ts';

/** The daemon's own files of the audit log, each with the widest mode that is accepted and what it is called. */
export interface OwnFile {
  readonly path: string;
  readonly called: string;
  readonly mode: number;
}

/** Readable for the group that looks at the log, writable for nobody else. */
export const LOG_MODE = 0o640;
export const STATE_MODE = 0o600;

const PIECE_BYTES = 65_536;
const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;
const PERMISSIONS = 0o7777;

/**
 * Opens a file that the daemon made earlier, for reading and for writing, or returns null where there is none.
 * It must be a regular file with one name, the daemon's own, with no permission beyond `mode`, in a folder that nobody
 * else can write; a symbolic link is not followed (A10; CVE-2011-1098). Throws Error "it is …" otherwise.
 */
export async function openOwnFile(file: OwnFile, flags: number): Promise<FileHandle | null> {
  await requireFolder(file);
  // Looked at before it is opened: opening a device can have effects, O_NONBLOCK or not.
  const seen = await lstatOrNull(file.path);
  if (seen === null) return null;
  requireOwn(file, seen);
  const handle = await open(file.path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    requireOwn(file, await handle.stat());
  } catch (error) {
    await handle.close();
    throw error;
  }
  return handle;
}

/** Makes a file that does not exist yet, with exactly its mode, and puts its name on disk. */
export async function createOwnFile(file: OwnFile, flags: number, content: Buffer): Promise<FileHandle> {
  await requireFolder(file);
  const create = constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const handle = await open(file.path, flags | create, file.mode);
  try {
    // The umask may have taken away what the readers' group needs.
    await handle.chmod(file.mode);
    await writeAll(handle, content);
    await handle.sync();
    await syncFolder(file.path);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return handle;
}

/** The same, whole or not at all: under another name first, so that what is cut short leaves none that a start would refuse. */
export async function createWholeFile(file: OwnFile, flags: number, content: Buffer): Promise<FileHandle> {
  const unfinished = `${file.path}.new`;
  await rm(unfinished, { force: true });
  const handle = await createOwnFile({ ...file, path: unfinished }, flags, content);
  try {
    await rename(unfinished, file.path);
    await syncFolder(file.path);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return handle;
}

/**
 * Writes at the end of what was written so far. write(2) may take less than it is given without an error; what is wrong
 * shows at the next one.
 */
export async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, null);
    if (bytesWritten === 0) throw new Error('nothing was written');
    written += bytesWritten;
  }
}

/**
 * Writes the bytes of a file from `from` on once more where they stand. After an fdatasync(2) that failed, the kernel may
 * count pages as written that never came to disk, and the next call would pass them over; written again they count anew
 * (PostgreSQL wiki, "Fsync Errors").
 */
export async function writeAgain(path: string, from: number): Promise<void> {
  const file = await open(path, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    for (let offset = from; ; ) {
      const { bytesRead } = await file.read(piece, 0, PIECE_BYTES, offset);
      if (bytesRead === 0) return;
      const { bytesWritten } = await file.write(piece, 0, bytesRead, offset);
      if (bytesWritten === 0) throw new Error('nothing was written');
      offset += bytesWritten;
    }
  } finally {
    await file.close();
  }
}

/** Has on disk what the folder of `path` says of names. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  await folder.sync().finally(() => folder.close());
}

/** What stands under a name, a symbolic link not followed; null where nothing does. */
export async function lstatOrNull(path: string): Promise<Stats | null> {
  try {
    return await lstat(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

function requireOwn({ called, mode }: OwnFile, stats: Stats): void {
  const why = whyNotOwn(stats, mode);
  if (why !== null) throw new Error(`${called} ${why}`);
}

/** Why a file is not one that the daemon made and nobody else can change (A10, A16); null where it is. */
export function whyNotOwn(stats: Stats, mode: number): string | null {
  if (stats.isSymbolicLink()) return 'is a symbolic link';
  if (!stats.isFile()) return 'is not a regular file';
  if (stats.nlink !== 1) return `has ${stats.nlink} hard links, and must have one`;
  if (stats.uid !== process.geteuid?.()) return `is owned by uid ${stats.uid}, and not by the daemon`;
  const permissions = stats.mode & PERMISSIONS;
  if ((permissions & ~mode) !== 0)
    return `has mode ${octal(permissions)}, and may have ${octal(mode)} at most`;
  return null;
}

async function requireFolder({ path, called }: OwnFile): Promise<void> {
  const stats = await lstat(dirname(path));
  if (!stats.isDirectory()) throw new Error(`the folder of ${called} is not a folder`);
  if (stats.uid !== 0 && stats.uid !== process.geteuid?.()) {
    throw new Error(`the folder of ${called} is owned by uid ${stats.uid}, and not by root or the daemon`);
  }
  // In a sticky folder of root's nobody can rename or remove what is not theirs.
  const isShared = (stats.mode & STICKY) !== 0 && stats.uid === 0;
  if (!isShared && (stats.mode & WRITABLE_BY_OTHERS) !== 0) {
    throw new Error(
      `the folder of ${called} has mode ${octal(stats.mode & PERMISSIONS)}: others can write in it`,
    );
  }
}

function octal(mode: number): string {
  return `0${mode.toString(8)}`;
}
