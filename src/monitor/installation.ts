import { realpathSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where the program itself lies. Everything is found from here, never from the working directory. */
export interface Installation {
  readonly root: string;
  /** The Node that runs this process; broker and `node` drivers run on the same. */
  readonly node: string;
  /** Who owns it, and the owner's private group where it has one (a group of the same number). */
  readonly ownerUid: number;
  readonly ownerGid: number | null;
}

export function findInstallation(): Installation {
  const root = realpathSync(fileURLToPath(new URL('../../', import.meta.url))).replace(/\/$/, '');
  const { uid, gid } = statSync(root);
  return { root, node: realpathSync(process.execPath), ownerUid: uid, ownerGid: gid === uid ? gid : null };
}
