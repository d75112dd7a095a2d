import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Where a profile shows the host's files to this driver; without it the driver measures what it sees itself. */
const HOST_VIEW = '/host';
/** As the kernel's own limit, MAXSYMLINKS (path_resolution(7)). */
const MAXIMUM_LINKS = 40;

/** The folder under which this process finds the host's `/`. */
export function hostRoot(): string {
  return existsSync(HOST_VIEW) ? HOST_VIEW : '/';
}

/**
 * Where a path of the host lies in this process's view. Every component is looked at by itself: a symbolic link's
 * absolute target starts again at `root`, and `..` ends there, as it would on the host (path_resolution(7)). Left to
 * the kernel, a link to /etc would lead out of the host's view into the sandbox's own /etc (S17). What someone
 * exchanges for a link after it was looked at leads no further than the sandbox, where nothing is but what every
 * driver sees.
 * @param root the folder that stands for the host's `/`
 * @throws NodeJS.ErrnoException as lstat(2) and readlink(2) do; ELOOP after too many links
 */
export function resolveOnHost(root: string, path: string): string {
  const remaining = componentsOf(path).reverse();
  const resolved: string[] = [];
  let links = 0;
  for (let name = remaining.pop(); name !== undefined; name = remaining.pop()) {
    if (name === '..') {
      resolved.pop();
      continue;
    }
    const candidate = join(root, ...resolved, name);
    if (!lstatSync(candidate).isSymbolicLink()) {
      resolved.push(name);
      continue;
    }
    links += 1;
    if (links > MAXIMUM_LINKS) throw tooManyLinks(path);
    const target = readlinkSync(candidate);
    if (target.startsWith('/')) resolved.length = 0;
    remaining.push(...componentsOf(target).reverse());
  }
  return join(root, ...resolved);
}

function componentsOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

function tooManyLinks(path: string): Error {
  return Object.assign(new Error(`Cannot resolve ${path}: too many symbolic links`), { code: 'ELOOP' });
}
