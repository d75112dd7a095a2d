import { spawnSync } from 'node:child_process';
import { capabilitySet } from '../../shared/configuration/capabilities.ts';
import { BUBBLEWRAP } from '../launch/bubblewrap.ts';
import { readProcessStatus } from '../launch/process-status.ts';
import { type UserChange, userChangeWords } from '../launch/user-change.ts';

/** A profile of AppArmor's for unshare(1) takes the capabilities of whatever it becomes; there is none for setpriv(1). */
const USER_CHANGES: readonly UserChange[] = ['unshare', 'setpriv'];
/** Longest wait for the trial, in milliseconds. */
const TRIAL_WITHIN_MS = 20_000;
const TRIAL = ['--unshare-user', '--unshare-net', '--ro-bind', '/', '/', '--', '/bin/true'];

/** What this host and this process can do for a launch. One load looks once. */
export interface LaunchHost {
  readonly isRoot: boolean;
  /** Those of the names that this process cannot hand to a child. */
  lacks(capabilities: readonly string[]): readonly string[];
  /**
   * By what a sandbox in a user namespace of its own can be made; null: by nothing. Where this daemon is not root, nobody has to
   * become another user. Throws where that cannot be tried.
   */
  userNamespaceBy(): UserChange | null;
}

/** @param trial whose processes try it; rootless they are the daemon's own */
export function thisLaunchHost(trial: { readonly uid: number; readonly gid: number }): LaunchHost {
  const isRoot = process.geteuid?.() === 0;
  const { permitted, bounding } = readProcessStatus('self').capabilities;
  let found: UserChange | null | undefined;
  return {
    isRoot,
    // execve(2) gives root's programs the bounding set, and with no_new_privs nothing that is not permitted already.
    lacks: (capabilities) =>
      capabilities.filter((name) => (capabilitySet([name]) & permitted & bounding) === 0n),
    userNamespaceBy() {
      if (found === undefined)
        found =
          USER_CHANGES.find((by) =>
            triesUserNamespace(isRoot ? userChangeWords(by, { ...trial, groups: [] }) : []),
          ) ?? null;
      return found;
    },
  };
}

/**
 * By really making one: settings (user.max_user_namespaces and others), limits and AppArmor all have a say. With an empty
 * network, since AppArmor may let a namespace be made and then take its capabilities away.
 */
function triesUserNamespace(before: readonly string[]): boolean {
  const [program = BUBBLEWRAP, ...words] = [...before, BUBBLEWRAP];
  const { error, status } = spawnSync(program, [...words, ...TRIAL], {
    // Null prototypes: what pollutes Object.prototype cannot reach the options or the environment.
    __proto__: null,
    cwd: '/',
    env: Object.create(null),
    stdio: 'ignore',
    timeout: TRIAL_WITHIN_MS,
  } as Parameters<typeof spawnSync>[2]);
  if (error !== undefined)
    throw new Error(`Cannot find out whether user namespaces can be made: ${error.message}`);
  return status === 0;
}
