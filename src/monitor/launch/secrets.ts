import { writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Descriptor } from '../../posix/descriptor.ts';
import { makeMemoryFile } from '../../posix/memory-file.ts';
import { readSafeFile } from '../../shared/safe-file.ts';
import type { SecretSource } from '../configuration/plan.ts';
import { INSIDE } from '../configuration/views.ts';
import type { DataFile } from './sandbox.ts';

/** Bounds of one secret, in bytes: what is shorter could not be told from ordinary text when output is scrubbed. */
const SHORTEST = 8;
const LONGEST = 65_536;
const LINE_FEED = 0x0a;

/** Secrets on their way to a driver: by descriptor, or through the gate; never in an argv or a launcher's environment. */
export interface DriverSecrets {
  readonly values: readonly { readonly name: string; readonly value: Uint8Array }[];
  readonly files: readonly DataFile[];
  readonly descriptors: readonly Descriptor[];
  /** In the order of the plan's `secretVariables`. */
  readonly variables: readonly Uint8Array[];
  /** Closes what this process holds. */
  close(): void;
}

/**
 * Reads a profile's secrets anew for each launch; null where one is missing, untrusted or out of bounds.
 * @param failed told why, without a value
 * @throws PosixError where this process lacks descriptors
 */
export function readSecrets(
  sources: readonly SecretSource[],
  failed: (why: string) => void,
): DriverSecrets | null {
  const values: { name: string; value: Uint8Array }[] = [];
  const files: DataFile[] = [];
  const descriptors: Descriptor[] = [];
  const variables: Uint8Array[] = [];
  const close = (): void => {
    for (const { content } of files) content.close();
    for (const descriptor of descriptors) descriptor.close();
  };
  try {
    for (const source of sources) {
      const value = readSecret(source);
      values.push({ name: source.name, value });
      if (source.as === 'environment') variables.push(asVariable(source.name, value));
      else if (source.as === 'descriptor') descriptors.push(inMemory(value));
      else files.push({ target: `${INSIDE.secrets}/${source.name}`, content: inMemory(value) });
    }
  } catch (error) {
    close();
    if (!(error instanceof Error)) throw error;
    failed(error.message);
    return null;
  }
  return { values, files, descriptors, variables, close };
}

/**
 * Reads one secret from its file or its systemd credential.
 * @throws Error where it is missing, untrusted or out of bounds
 */
export function readSecret({
  name,
  file,
  credential,
}: Pick<SecretSource, 'name' | 'file' | 'credential'>): Uint8Array {
  const self = process.geteuid?.() ?? 0;
  const trusted = { uids: new Set([0, self]), gids: new Set([0]) };
  const folder = process.env['CREDENTIALS_DIRECTORY'];
  const path = file ?? (folder === undefined || credential === undefined ? null : join(folder, credential));
  if (path === null) throw new Error(`Cannot read secret ${name}: driverd was given no credentials`);
  const value = readSafeFile(path, trusted, LONGEST);
  if (lengthWithoutSpace(value) < SHORTEST)
    throw new Error(
      `Cannot use secret ${name}: it is shorter than ${SHORTEST} bytes, white space at its ends aside`,
    );
  return value;
}

function lengthWithoutSpace(value: Uint8Array): number {
  const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
  const first = value.findIndex((byte) => !isSpace(byte));
  return first < 0 ? 0 : value.findLastIndex((byte) => !isSpace(byte)) + 1 - first;
}

/** Without the line feed that an editor leaves at the end; one inside cannot pass the gate. */
function asVariable(name: string, value: Uint8Array): Uint8Array {
  const text = value.at(-1) === LINE_FEED ? value.subarray(0, -1) : value;
  if (text.includes(LINE_FEED) || text.includes(0))
    throw new Error(`Cannot use secret ${name}: a variable holds no line feed and no NUL`);
  return text;
}

function inMemory(value: Uint8Array): Descriptor {
  const content = makeMemoryFile('driverd-secret');
  writeSync(content.number, value);
  return content;
}
