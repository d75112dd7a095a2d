import { UNSHARE } from './root-guard.ts';
import { type SandboxPlan, SETPRIV, userArguments } from './sandbox.ts';

export type UserChange = SandboxPlan['userChange'];

/**
 * The words behind which a program that root starts is the target user's, without any group that is not granted: nothing here
 * could do that between posix_spawn(3) and the program. unshare(1) without a namespace takes two thirds of what setpriv(1) takes,
 * which loads a library and has the system's name services look for users of that name; it clears the groups and knows no others.
 */
export function userChangeWords(
  by: UserChange,
  { uid, gid, groups }: Pick<SandboxPlan, 'uid' | 'gid' | 'groups'>,
): [string, ...string[]] {
  if (by === 'unshare') return [UNSHARE, '--setgid', String(gid), '--setuid', String(uid), '--'];
  return [SETPRIV, ...userArguments({ uid, gid, groups }), '--'];
}
