import { PosixError } from '../../posix/libc.ts';
import { findGroupName, findUser, findUserName } from '../../posix/names.ts';
import { Failure } from '../failure.ts';

/** Most numbers whose names are remembered, of users and of groups each. */
const REMEMBERED_MAXIMUM = 10_000;
const ID = /^(?:0|[1-9][0-9]{0,9})$/;
/** 2^32-1 is `(uid_t)-1`, which is no id (setreuid(2)). */
const LAST_ID = 0xffff_fffe;

/** Names of numbers as this host, on which the log is looked at, has them now; null: it has none. */
export interface Accounts {
  user(uid: number): string | null;
  group(gid: number): string | null;
}

/** Looks each number up once. A source of names that fails is as good as none: the number says who it was. */
export function hostAccounts(): Accounts {
  return { user: remembered(findUserName), group: remembered(findGroupName) };
}

function remembered(find: (id: number) => string | null): (id: number) => string | null {
  const names = new Map<number, string | null>();
  return (id) => {
    const known = names.get(id);
    if (known !== undefined) return known;
    const name = Number.isInteger(id) && id >= 0 && id <= LAST_ID ? nameOrNull(find, id) : null;
    if (names.size < REMEMBERED_MAXIMUM) names.set(id, name);
    return name;
  };
}

function nameOrNull(find: (id: number) => string | null, id: number): string | null {
  try {
    return find(id);
  } catch (error) {
    if (error instanceof PosixError) return null;
    throw error;
  }
}

/**
 * The number of a user, given as number or name.
 * @throws Failure (usage) where there is no such user, (other) where that cannot be looked up
 */
export function uidOf(word: string): number {
  if (ID.test(word) && Number(word) <= LAST_ID) return Number(word);
  try {
    const user = findUser(word);
    if (user !== null) return user.uid;
  } catch (error) {
    if (!(error instanceof PosixError)) throw error;
    throw new Failure('other', `Cannot look for the caller ${word}: ${error.code}`);
  }
  throw new Failure(
    'usage',
    `Cannot look for the caller ${word}: this host has no such user; its number will do`,
  );
}
