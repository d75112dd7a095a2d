import { createHash, type Hash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { markOf } from './file-mark.ts';

/** Largest program that is digested, in bytes. */
const PROGRAM_BYTES_MAXIMUM = 268_435_456;
const PIECE_BYTES = 1_048_576;
/** Programs whose digest is remembered: a reload reads only those that changed. */
const REMEMBERED = 1_024;

/** What a driver was when it was loaded. A digest is null where the program is too large, or may be started and not read. */
export interface DriverDigest {
  /** SHA-256 of the manifest's length in decimal, NUL, the manifest, and the program file; hex. */
  readonly digest: string | null;
  /** SHA-256 of the program file alone. */
  readonly programDigest: string | null;
  /** The program file's `markOf` before it was read. */
  readonly programMark: string | null;
}

const remembered = new Map<string, DriverDigest>();

/**
 * @param manifest its bytes as they were loaded
 * @param programFile as this host names it
 */
export function digestDriver(manifest: Uint8Array, programFile: string): DriverDigest {
  const ofManifest = createHash('sha256').update(`${manifest.length}\0`).update(manifest);
  const programMark = markOf(programFile);
  const version = `${programFile}\0${programMark}\0${ofManifest.copy().digest('hex')}`;
  const known = remembered.get(version);
  if (known !== undefined) return known;
  const ofProgram = createHash('sha256');
  const isWhole = readWhole(programFile, [ofManifest, ofProgram], PROGRAM_BYTES_MAXIMUM);
  const digests: DriverDigest = {
    digest: isWhole ? ofManifest.digest('hex') : null,
    programDigest: isWhole ? ofProgram.digest('hex') : null,
    programMark,
  };
  if (remembered.size >= REMEMBERED) remembered.clear();
  remembered.set(version, digests);
  return digests;
}

/**
 * SHA-256 of a regular file, hex; null where it is none, is gone, may not be read or is larger.
 * @param maximumBytes largest size
 */
export function digestFile(path: string, maximumBytes = PROGRAM_BYTES_MAXIMUM): string | null {
  const hash = createHash('sha256');
  return readWhole(path, [hash], maximumBytes) ? hash.digest('hex') : null;
}

/** Whether all of the file could be read, within the limit. */
function readWhole(path: string, hashes: readonly Hash[], maximumBytes: number): boolean {
  let file: number;
  try {
    // O_NONBLOCK: a FIFO put in its place must not hold the daemon up.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
  try {
    if (!fstatSync(file).isFile()) return false;
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    for (let bytes = 0; ; ) {
      const got = readSync(file, piece, 0, piece.length, null);
      if (got === 0) return true;
      bytes += got;
      if (bytes > maximumBytes) return false;
      for (const hash of hashes) hash.update(piece.subarray(0, got));
    }
  } finally {
    closeSync(file);
  }
}
