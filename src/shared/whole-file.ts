import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

/**
 * Gives a file its text, on disk under its name when this returns: whole or not at all, whatever ends the process or the
 * host. Never through a link, since rename(2) replaces what has the name.
 * @param mode of the file, whatever the umask is
 * @param unfinished the name that it has until it is whole, in the same folder; what has that name is removed
 * @throws the system's error; what was there before is there still
 */
export function writeWholeFile(path: string, text: string, mode: number, unfinished = `${path}.new`): void {
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
  try {
    rmSync(unfinished, { force: true });
    withDescriptor(openSync(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode), (file) => {
      fchmodSync(file, mode);
      writeFileSync(file, text);
      fsyncSync(file);
    });
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
}

/** Has on disk what a folder says of names. Throws the system's error. */
export function syncFolder(folder: string): void {
  withDescriptor(openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY), fsyncSync);
}

function withDescriptor(file: number, use: (file: number) => void): void {
  try {
    use(file);
  } finally {
    closeSync(file);
  }
}
