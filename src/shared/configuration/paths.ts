/** Why a path in a configuration is not accepted, or null: it must be absolute and normalised, so that it means one thing. */
export function refusePath(path: string): string | null {
  if (!path.startsWith('/')) return 'must be an absolute path';
  if (path !== path.trim()) return 'must not begin or end with white space';
  if (path === '/') return null;
  const parts = path.slice(1).split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..'))
    return 'must be normalised: no //, . or ..';
  return null;
}

/** Where a sandbox has its own things: nothing may be put there, above or below. */
const OWN_PLACES = ['/proc', '/dev', '/driver', '/node', '/node_modules', '/run/secrets'];
/** Where programs and their settings are: only what the host has there can be seen there. */
const SYSTEM_PLACES = ['/usr', '/bin', '/sbin', '/lib', '/lib64', '/etc'];
/** Folders that a sandbox makes itself; something may lie in them. */
const SHARED_PLACES = ['/tmp', '/run'];

/**
 * Why something cannot be mounted at a path of the driver's view, or null. Nothing takes the place of a program, a library
 * or a setting of the system: without a user namespace a program of the view (setpriv) runs as root for a moment.
 * @param source the path on the host; null where it is none
 */
export function refuseTarget(path: string, source: string | null): string | null {
  if (path === '/') return 'cannot be put at /: say where with `at`';
  const clash =
    OWN_PLACES.find((place) => isWithin(path, place) || isWithin(place, path)) ??
    SHARED_PLACES.find((place) => path === place) ??
    SYSTEM_PLACES.find((place) => path === place || (isWithin(path, place) && path !== source));
  return clash === undefined
    ? null
    : `cannot be put at ${path}: ${clash} is the sandbox's own; say where with \`at\``;
}

/** Whether a path is a folder or lies below it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}
