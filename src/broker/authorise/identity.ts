import type { EntityJson } from '@cedar-policy/cedar-wasm/nodejs';
import type { Caller } from '../../shared/caller.ts';
import { type EntityName, entityKey, type ResolvedNames } from './literals.ts';
import type { RolesOf } from './roles.ts';

/** A caller as policies can see it. */
export interface Identity {
  /** Equal for callers whom no policy can tell apart. */
  readonly key: string;
  /** Keys of the caller's own `Uid` and of everything it lies in that some policy names. */
  readonly memberships: ReadonlySet<string>;
  readonly entity: EntityJson;
  readonly standing: Standing;
}

/**
 * What a caller's ids are worth. `contained`: in a container, where another user may have them, and root above all.
 * `unseen`: its process was gone when it was looked at, so it may have been in any container or unit; who holds its
 * connection now is somebody else.
 */
export type Standing = 'known' | 'contained' | 'unseen';

function namesByNumber(names: ReadonlyMap<string, number>): ReadonlyMap<number, readonly string[]> {
  const byNumber = new Map<number, string[]>();
  for (const [name, number] of names) byNumber.set(number, [...(byNumber.get(number) ?? []), name]);
  return byNumber;
}

/** Where the kernel proves nothing of any caller, all are as it has always been on such hosts. */
function standingOf({ pidProven, container }: Caller, unitsProvable: boolean): Standing {
  if (unitsProvable && !pidProven) return 'unseen';
  return container === null ? 'known' : 'contained';
}

/**
 * Makes identities: principal `Uid::"1000"`, in `User::` of each name with that uid, in `Gid::` and `Group::` of the
 * gid and of every supplementary group, in `Unit::` or `UserUnit::`, and in `Role::` of each role that has one of these.
 *
 * Groups and units that no policy names are left out: nothing can depend on them, and a caller of 40 groups then costs
 * what one of its two relevant groups costs. Identities are remembered by the Caller object, which is never changed.
 *
 * @param named keys of all entities that policies name
 * @param unitsProvable whether this kernel proves whose a pid is (SO_PEERPIDFD)
 */
export function createIdentities(
  names: ResolvedNames,
  rolesOf: RolesOf,
  named: ReadonlySet<string>,
  unitsProvable: boolean,
): (caller: Caller) => Identity {
  const usersByUid = namesByNumber(names.users);
  const groupsByGid = namesByNumber(names.groups);
  const remembered = new WeakMap<Caller, Identity>();

  const parentsOf = (caller: Caller): EntityName[] => {
    const parents = new Map<string, EntityName>();
    const add = (type: string, id: string): void => {
      const key = entityKey(type, id);
      if (named.has(key)) parents.set(key, { type, id });
    };
    for (const user of usersByUid.get(caller.uid) ?? []) add('User', user);
    for (const gid of [caller.gid, ...caller.groups]) {
      add('Gid', String(gid));
      for (const group of groupsByGid.get(gid) ?? []) add('Group', group);
    }
    if (caller.unit !== null) add(caller.unit.manager === 'system' ? 'Unit' : 'UserUnit', caller.unit.name);
    for (const role of rolesOf(caller)) add('Role', role);
    return [...parents.values()];
  };

  return (caller) => {
    const known = remembered.get(caller);
    if (known !== undefined) return known;
    const uid = { type: 'Uid', id: String(caller.uid) };
    const parents = parentsOf(caller);
    const keys = [uid, ...parents].map(({ type, id }) => entityKey(type, id));
    const standing = standingOf(caller, unitsProvable);
    const identity: Identity = {
      key: JSON.stringify([standing, ...keys.toSorted()]),
      memberships: new Set(keys),
      entity: { uid, attrs: {}, parents },
      standing,
    };
    remembered.set(caller, identity);
    return identity;
  };
}
