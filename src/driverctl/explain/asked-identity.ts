import { groupsOfUser } from '../../posix/group-list.ts';
import { PosixError } from '../../posix/libc.ts';
import { findUser, findUserName } from '../../posix/names.ts';
import type { JsonObject } from '../../shared/json-value.ts';
import { Failure } from '../failure.ts';

const NUMBER = /^(?:0|[1-9][0-9]{0,9})$/;

/**
 * A user of this host as the daemon is asked about one: numbers alone, which it cannot resolve by itself (a look-up in LDAP
 * must not hold up calls).
 * @param user name or number
 * @throws Failure (usage) where there is no such user, (other) where that cannot be looked up
 */
export function askedIdentity(user: string): JsonObject {
  try {
    const name = NUMBER.test(user) ? findUserName(Number(user)) : user;
    const found = name === null ? null : findUser(name);
    if (name !== null && found !== null) return { ...found, groups: groupsOfUser(name, found.gid) };
  } catch (error) {
    if (!(error instanceof PosixError)) throw error;
    throw new Failure('other', `Cannot ask for ${user}: ${error.code}`);
  }
  throw new Failure('usage', `Cannot ask for ${user}: this host has no such user`);
}
