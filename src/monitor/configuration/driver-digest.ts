import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { markOf } from './file-mark.ts';

/** Largest program that is digested, in bytes. */
const PROGRAM_BYTES_MAXIMUM = 536_870_912;
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
 * @throws the system's where the program cannot be read
 */
export function digestDriver(manifest: Uint8Array, programFile: string): DriverDigest {
  const ofManifest = createHash('sha256').update(`${manifest.length}\0`).update(manifest);
  const programMark = markOf(programFile);
  const version = `${programFile}\0${programMark}\0${ofManifest.copy().digest('hex')}`;
  const known = remembered.get(version);
  if (known !== undefined) return known;
  const ofProgram = createHash('sha256');
  const isWhole = readWhole(programFile, [ofManifest, ofProgram]);
  const digests: DriverDigest = {
    digest: isWhole ? ofManifest.digest('hex') : null,
    programDigest: isWhole ? ofProgram.digest('hex') : null,
    programMark,
  };
  if (remembered.size >= REMEMBERED) remembered.clear();
  remembered.set(version, digests);
  return digests;
}

/** Whether all of the file could be read, within the limit. */
function readWhole(path: string, hashes: readonly Hash[]): boolean {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EACCES') return false;
    throw error;
  }
  try {
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    for (let bytes = 0; ; ) {
      const got = readSync(file, piece, 0, piece.length, null);
      if (got === 0) return true;
      bytes += got;
      if (bytes > PROGRAM_BYTES_MAXIMUM) return false;
      for (const hash of hashes) hash.update(piece.subarray(0, got));
    }
  } finally {
    closeSync(file);
  }
}
