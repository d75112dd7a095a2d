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
