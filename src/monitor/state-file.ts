import { readFileSync } from 'node:fs';
import { writeWholeFile } from '../shared/whole-file.ts';

const STATE_FILE_MODE = 0o600;

/** What stands in a file of the state folder is driverd's own: anything else there is refused, never mended. */
export function notOurs(path: string): Error {
  return new Error(`Cannot read ${path}: it is not what driverd wrote`);
}

/**
 * Reads a JSON object of version 1 from the state folder; null where there is no such file.
 * @throws Error where it is no such object, or the system's
 */
export function readStateFile(path: string): Readonly<Record<string, unknown>> | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value) && value['version'] === 1) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw notOurs(path);
}

/** Replaces a file of the state folder: a reader finds the old text or the new one, never a part. Throws the system's. */
export function writeStateFile(path: string, text: string): void {
  writeWholeFile(path, text, STATE_FILE_MODE);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
