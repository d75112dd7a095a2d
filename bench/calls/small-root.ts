import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Makes a folder with /bin/cat and the libraries that ldd(1) names, and nothing else: the least that podman can run. */
export function makeSmallRoot(folder: string): string {
  const printed = execFileSync('ldd', ['/bin/cat'], { encoding: 'utf8' });
  const libraries = printed.match(/\/\S+/g) ?? [];
  for (const path of ['/bin/cat', ...libraries]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    copyFileSync(path, join(folder, path));
  }
  for (const place of ['dev', 'etc', 'proc', 'sys', 'tmp', 'run'])
    mkdirSync(join(folder, place), { recursive: true });
  return folder;
}
