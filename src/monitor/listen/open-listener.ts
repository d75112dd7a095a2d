import type { Server } from 'node:net';
import { findGroup } from '../../posix/names.ts';
import type { Settings } from '../../shared/configuration/types.generated.ts';
import { listen } from './listen.ts';

/** Listens at `path` with the mode and group of the settings; rootless the group is the daemon's own. */
export function openListener({ group, mode }: Settings['socket'], path: string): Promise<Server> {
  const rootless = process.geteuid?.() !== 0;
  const gid = rootless || group === null ? null : findGroup(group);
  if (!rootless && group !== null && gid === null) {
    throw new Error(`Cannot listen on ${path}: socket.group: there is no group ${group}`);
  }
  return listen({ path, mode: Number.parseInt(mode, 8), gid });
}
