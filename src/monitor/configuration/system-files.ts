import { readFileSync, statSync, writeSync } from 'node:fs';
import type { Descriptor } from '../../posix/descriptor.ts';
import { makeMemoryFile } from '../../posix/memory-file.ts';

/** Larger files are bound, not copied, in bytes. */
const LARGEST_COPY = 1_048_576;

/** Every version that was ever copied: configurations that still run use older ones. Beyond the limit files are bound. */
const copies = new Map<string, Descriptor>();
const MAXIMUM_COPIES = 512;

/**
 * A copy in memory of a small file of the system's, taken when configuration is loaded; null where it is no small file.
 * bubblewrap then writes it into the sandbox, which costs a tenth of a mount. One copy serves all sandboxes.
 * @throws Error where the file cannot be read
 */
export function copySystemFile(path: string): Descriptor | null {
  const stats = statSync(path);
  if (!stats.isFile() || stats.size > LARGEST_COPY) return null;
  const version = `${path} ${stats.ino} ${stats.mtimeMs} ${stats.size}`;
  const known = copies.get(version);
  if (known !== undefined) return known;
  if (copies.size >= MAXIMUM_COPIES) return null;
  const content = makeMemoryFile('driverd-system');
  writeSync(content.number, readFileSync(path));
  copies.set(version, content);
  return content;
}
