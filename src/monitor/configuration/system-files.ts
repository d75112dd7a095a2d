import { readFileSync, statSync, writeSync } from 'node:fs';
import type { Descriptor } from '../../posix/descriptor.ts';
import { makeMemoryFile } from '../../posix/memory-file.ts';

/** Larger files are bound, not copied, in bytes. */
const LARGEST_COPY = 1_048_576;

interface Copy {
  /** Changes with the file. */
  readonly version: string;
  readonly content: Descriptor;
}

const copies = new Map<string, Copy>();
/** The last but one of each: calls that began with the configuration before may still launch. */
const superseded = new Map<string, Descriptor>();

/**
 * A copy in memory of a small file of the system's, taken when configuration is loaded; null where it is no small file.
 * bubblewrap then writes it into the sandbox, which costs a tenth of a mount. One copy serves all sandboxes.
 * @throws Error where the file cannot be read
 */
export function copySystemFile(path: string): Descriptor | null {
  const stats = statSync(path);
  if (!stats.isFile() || stats.size > LARGEST_COPY) return null;
  const version = `${stats.ino} ${stats.mtimeMs} ${stats.size}`;
  const known = copies.get(path);
  if (known?.version === version) return known.content;
  const content = makeMemoryFile('driverd-system');
  writeSync(content.number, readFileSync(path));
  copies.set(path, { version, content });
  if (known !== undefined) {
    superseded.get(path)?.close();
    superseded.set(path, known.content);
  }
  return content;
}
