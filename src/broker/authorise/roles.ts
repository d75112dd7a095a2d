import type { Caller } from '../../shared/caller.ts';
import type { ResolvedNames, Roles } from './literals.ts';

/** Names of the roles that a caller has. Remembered by the Caller object, which is never changed. */
export type RolesOf = (caller: Caller) => readonly string[];

/** A caller has a role by its uid, by its gid or any supplementary group, or by its system unit. */
export function createRoles({ users, groups }: ResolvedNames, roles: Roles): RolesOf {
  const numbers = (names: readonly string[], known: ReadonlyMap<string, number>): ReadonlySet<number> =>
    new Set(names.map((name) => known.get(name)).filter((number) => number !== undefined));
  const members = [...roles].map(([name, role]) => ({
    name,
    uids: numbers(role.users, users),
    gids: numbers(role.groups, groups),
    units: new Set(role.units),
  }));
  const remembered = new WeakMap<Caller, readonly string[]>();

  return (caller) => {
    const known = remembered.get(caller);
    if (known !== undefined) return known;
    const { uid, gid, groups: supplementary, unit } = caller;
    const found = members
      .filter(
        ({ uids, gids, units }) =>
          uids.has(uid) ||
          [gid, ...supplementary].some((one) => gids.has(one)) ||
          (unit?.manager === 'system' && units.has(unit.name)),
      )
      .map(({ name }) => name);
    remembered.set(caller, found);
    return found;
  };
}
