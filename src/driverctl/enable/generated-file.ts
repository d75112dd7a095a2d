import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync, unlinkSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { listSafeFolder, readSafeFile, type TrustedWriters } from '../../shared/safe-file.ts';
import { syncFolder, writeWholeFile } from '../../shared/whole-file.ts';
import { Failure, reasonOf } from '../failure.ts';

/** Larger than anything driverctl generates, and as large as the daemon reads. */
const MAXIMUM_FILE_BYTES = 1_048_576;
const FILE_MODE = 0o644;
const FOLDER_MODE = 0o755;
const HEAD = /^(?:#|\/\/) driverctl: sha256 ([0-9a-f]{64})\n$/;
const NEWLINE = 0x0a;

/** How a comment begins: `#` in YAML, `//` in Cedar. */
export type CommentMark = '#' | '//';

/** What became of a file. */
export interface FileChange {
  readonly path: string;
  readonly state: 'changed' | 'unchanged' | 'removed';
}

/** A file that may be written or removed: it is not there, or is as driverctl made it. */
export interface GeneratedFile {
  readonly path: string;
  /** null: it is not there. */
  readonly text: string | null;
}

/** Text under a line that holds its digest, by which driverctl knows its own files again. */
export function withDigest(mark: CommentMark, text: string): string {
  return `${mark} driverctl: sha256 ${digestOf(Buffer.from(text))}\n${text}`;
}

/** Whether the bytes of a file are as `withDigest` made them. */
export function hasOwnDigest(bytes: Buffer): boolean {
  const end = bytes.indexOf(NEWLINE) + 1;
  const [, digest] = HEAD.exec(bytes.toString('latin1', 0, end)) ?? [];
  return digest === digestOf(bytes.subarray(end));
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * Looks at a file before it is changed. Nothing is changed here, so that two files are changed both or neither.
 * @param purpose for errors
 * @throws Failure (other) where it is a link or no file, was not made by driverctl or was changed since, or where others
 *   could write it or a folder above it
 */
export function openGenerated(
  path: string,
  purpose: 'write' | 'remove',
  trusted: TrustedWriters,
): GeneratedFile {
  const refuse = (why: string): Failure => new Failure('other', `Cannot ${purpose} ${path}: ${why}`);
  const foreign = 'it was not made by driverctl, or was changed since';
  try {
    listSafeFolder(dirname(path), trusted, extname(path));
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return { path, text: null };
    if (!stats.isFile()) throw refuse(foreign);
    const bytes = Buffer.from(readSafeFile(path, trusted, MAXIMUM_FILE_BYTES));
    if (!hasOwnDigest(bytes)) throw refuse(foreign);
    return { path, text: bytes.toString() };
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw refuse(reasonOf(error));
  }
}

/**
 * Gives a file its text: whole or not at all, and never through a link, since rename(2) replaces what has the name.
 * @throws Failure (other)
 */
export function writeGenerated({ path, text: old }: GeneratedFile, text: string): FileChange {
  if (old === text) return { path, state: 'unchanged' };
  const folder = dirname(path);
  // With a dot in front it is no file of the drop-in folder for the daemon.
  const temporary = join(folder, `.${basename(path)}.${randomBytes(8).toString('hex')}`);
  try {
    mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
    writeWholeFile(path, text, FILE_MODE, temporary);
  } catch (error) {
    throw failureOf(error, `Cannot write ${path}`);
  }
  return { path, state: 'changed' };
}

/** Removes a file that `openGenerated` has looked at. Throws `Failure` (other). */
export function removeGenerated({ path, text }: GeneratedFile): FileChange {
  if (text === null) return { path, state: 'unchanged' };
  try {
    unlinkSync(path);
    syncFolder(dirname(path));
  } catch (error) {
    throw failureOf(error, `Cannot remove ${path}`);
  }
  return { path, state: 'removed' };
}

/** A system's error as a `Failure`; anything else is a fault of driverctl. */
function failureOf(error: unknown, what: string): unknown {
  return error instanceof Error && 'code' in error
    ? new Failure('other', `${what}: ${reasonOf(error)}`)
    : error;
}
