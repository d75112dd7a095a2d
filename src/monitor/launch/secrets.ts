import { writeSync } from 'node:fs';
import type { Descriptor } from '../../posix/descriptor.ts';
import { makeMemoryFile } from '../../posix/memory-file.ts';
import { readSafeFile } from '../../shared/safe-file.ts';
import type { SecretFile } from '../configuration/plan.ts';
import { INSIDE } from '../configuration/views.ts';
import type { SandboxContent } from './start-sandbox.ts';

/** Bounds of one secret, in bytes: what is shorter could not be told from ordinary text when output is scrubbed. */
const SHORTEST = 8;
const LONGEST = 65_536;

/** A secret on its way to a driver: by descriptor, never in an argv or an environment. */
export interface DriverSecret {
  readonly name: string;
  readonly value: Uint8Array;
  readonly file: SandboxContent;
}

/**
 * Reads a profile's secrets anew for each launch; null where one is missing, untrusted or out of bounds.
 * @param failed told why, without a value
 * @throws PosixError where this process lacks descriptors
 */
export function readSecrets(
  files: readonly SecretFile[],
  failed: (why: string) => void,
): DriverSecret[] | null {
  const self = process.geteuid?.() ?? 0;
  const trusted = { uids: new Set([0, self]), gids: new Set([0]) };
  const secrets: DriverSecret[] = [];
  for (const { name, file } of files) {
    let value: Uint8Array;
    try {
      value = readSafeFile(file, trusted, LONGEST);
    } catch (error) {
      failed(error instanceof Error ? error.message : `secret ${name} could not be read`);
      return closeAll(secrets);
    }
    if (value.length < SHORTEST) {
      failed(`secret ${name} is shorter than ${SHORTEST} bytes`);
      return closeAll(secrets);
    }
    let content: Descriptor;
    try {
      content = makeMemoryFile('driverd-secret');
    } catch (error) {
      closeAll(secrets);
      throw error;
    }
    writeSync(content.number, value);
    secrets.push({ name, value, file: { target: `${INSIDE.secrets}/${name}`, content } });
  }
  return secrets;
}

function closeAll(secrets: readonly DriverSecret[]): null {
  for (const secret of secrets) secret.file.content.close();
  return null;
}
