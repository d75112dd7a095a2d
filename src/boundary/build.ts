import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

/**
 * SHA-256 over the boundary's own files, as they stand on disk when the process starts. Monitor and broker exchange
 * it in their first frame: files that were upgraded under a running monitor show there, before any session is passed.
 */
export function buildId(): string {
  // The same from here and from the programs, into which this is built.
  const folder = new URL('../boundary/', import.meta.url);
  const hash = createHash('sha256');
  const names = readdirSync(folder).filter((name) => /\.[jt]s$/.test(name) && !name.endsWith('.d.ts'));
  for (const name of names.sort()) hash.update(`${name}\0`).update(readFileSync(new URL(name, folder)));
  return hash.digest('hex');
}

/** The broker's descriptors beside stdin, stdout and stderr. 3 is the gate's, closed before the broker runs. */
export const BROKER_DESCRIPTORS = { control: 4, audit: 5, passing: 6, notices: 7 } as const;
