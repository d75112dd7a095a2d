import { existsSync } from 'node:fs';
import { checkSafePath } from '../../../shared/safe-file.ts';

/** Where distributions put it; a PATH could come from somebody else. */
export const RUNC_PLACES: readonly string[] = ['/usr/sbin/runc', '/usr/bin/runc'];
const ROOT_ALONE = { uids: new Set([0]), gids: new Set([0]) };

/** runc's path, or null where there is none. Throws where somebody else than root can change it. */
export function findRunc(): string | null {
  const path = RUNC_PLACES.find((place) => existsSync(place));
  if (path !== undefined) checkSafePath(path, ROOT_ALONE);
  return path ?? null;
}
