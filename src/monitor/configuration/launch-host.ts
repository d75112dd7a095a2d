import { spawnSync } from 'node:child_process';
import { capabilitySet } from '../../shared/configuration/capabilities.ts';
import { BUBBLEWRAP } from '../launch/bubblewrap.ts';
import { readProcessStatus } from '../launch/process-status.ts';

/** Longest wait for the trial, in milliseconds. */
const TRIAL_WITHIN_MS = 20_000;

/** What this host and this process can do for a launch. One load looks once. */
export interface LaunchHost {
  readonly isRoot: boolean;
  /** Those of the names that this process cannot hand to a child. */
  lacks(capabilities: readonly string[]): readonly string[];
  /** Whether a sandbox in a user namespace of its own can be made. Throws where that cannot be tried. */
  makesUserNamespaces(): boolean;
}

/** @param trial whose processes try it; rootless they are the daemon's own */
export function thisLaunchHost(trial: { readonly uid: number; readonly gid: number }): LaunchHost {
  const isRoot = process.geteuid?.() === 0;
  const { permitted, bounding } = readProcessStatus('self').capabilities;
  let made: boolean | undefined;
  return {
    isRoot,
    // execve(2) gives root's programs the bounding set, and with no_new_privs nothing that is not permitted already.
    lacks: (capabilities) =>
      capabilities.filter((name) => (capabilitySet([name]) & permitted & bounding) === 0n),
    makesUserNamespaces() {
      made ??= tryUserNamespace(isRoot ? trial : null);
      return made;
    },
  };
}

/**
 * By really making one: settings (user.max_user_namespaces and others), limits and AppArmor all have a say. With an empty
 * network, since AppArmor may let a namespace be made and then take its capabilities away.
 */
function tryUserNamespace(user: { readonly uid: number; readonly gid: number } | null): boolean {
  const words = ['--unshare-user', '--unshare-net', '--ro-bind', '/', '/', '--', '/bin/true'];
  const { error, status } = spawnSync(BUBBLEWRAP, words, {
    // Null prototypes: see start-sandbox.ts.
    __proto__: null,
    cwd: '/',
    env: Object.create(null),
    stdio: 'ignore',
    timeout: TRIAL_WITHIN_MS,
    ...(user === null ? {} : { uid: user.uid, gid: user.gid }),
  } as Parameters<typeof spawnSync>[2]);
  if (error !== undefined)
    throw new Error(`Cannot find out whether user namespaces can be made: ${error.message}`);
  return status === 0;
}
