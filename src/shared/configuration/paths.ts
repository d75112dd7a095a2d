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
/** Where the system is: it may be added to, and not replaced. */
const SYSTEM_PLACES = ['/usr', '/bin', '/sbin', '/lib', '/lib64', '/etc', '/tmp', '/run'];

/** Why nothing can be mounted at a path of the driver's view, or null. */
export function refuseTarget(path: string): string | null {
  if (path === '/') return 'cannot be put at /: say where with `at`';
  const clash =
    OWN_PLACES.find((place) => isWithin(path, place) || isWithin(place, path)) ??
    SYSTEM_PLACES.find((place) => path === place);
  return clash === undefined
    ? null
    : `cannot be put at ${path}: ${clash} is the sandbox's own; say where with \`at\``;
}

/** Whether a path is a folder or lies below it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}
