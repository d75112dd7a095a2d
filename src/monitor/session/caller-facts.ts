import type { AuditFields } from '../../shared/audit/fields.ts';
import type { ResolvedName } from '../configuration/load.ts';
import type { KnownCaller } from './known-caller.ts';

/** Most groups whose names stand beside their numbers. */
const NAMED_GROUPS = 32;

/** Names of users and groups as far as the configuration has resolved them; readers look up the rest. */
export interface KnownNames {
  readonly users: readonly ResolvedName[];
  readonly groups: readonly ResolvedName[];
}

/**
 * A caller as records have it.
 * @param groups most groups that are named; how many there are stands beside them
 */
export function callerFacts(caller: KnownCaller, names: KnownNames, groups: number): AuditFields {
  const { uid, gid, unit, container } = caller;
  const named = caller.groups.slice(0, groups);
  const groupNames = names.groups.filter(({ id }) => id === gid || named.includes(id)).slice(0, NAMED_GROUPS);
  return {
    ...{ uid, gid, groups: named, group_count: caller.groups.length },
    user: names.users.find(({ id }) => id === uid)?.name ?? null,
    group_names: Object.fromEntries(groupNames.map(({ name, id }) => [String(id), name])),
    ...{ login_uid: caller.loginUid, login_session: caller.loginSession },
    ...{ pid: caller.pid, pid_start: caller.pidStart, pid_proven: caller.pidProven },
    ...{ unit: unit && { ...unit }, container: container && { ...container } },
  };
}
