import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeDevelopmentFolder } from '../../../scripts/development-folder.ts';
import { type Played, type Ran, run } from '../played-surroundings.ts';

/** A group and a user that every host has. */
export const GROUP = 'daemon';
export const USER = 'root';

/** A real configuration folder on which no daemon runs. */
export interface Folder {
  readonly path: string;
  readonly state: string;
  /** Makes a driver whose manifest holds these lines after its head. */
  driver(name: string, lines?: string): void;
  /** Runs driverctl on this folder. */
  ctl(words: readonly string[], played?: Played): Promise<Ran>;
  read(file: string): string;
}

export function makeFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'driverctl-enable-'));
  chmodSync(path, 0o755);
  const umask = process.umask(0o022);
  const { state } = makeDevelopmentFolder(path, {});
  process.umask(umask);
  return {
    path,
    state,
    driver(name, lines = '') {
      mkdirSync(join(path, 'drivers', name), { recursive: true, mode: 0o755 });
      const head = `version: 1\nname: ${name}\nkind: command\nprogram: { executable: /usr/bin/true }\n`;
      const methods = lines.includes('methods:') ? '' : 'methods: { run: { params: {}, result: {} } }\n';
      writeFileSync(join(path, 'drivers', name, 'driver.yaml'), head + lines + methods, { mode: 0o644 });
    },
    ctl: (words, played) => run([...words, '--config', path, '--state', state], played),
    read: (file) => readFileSync(join(path, file), 'utf8'),
  };
}
