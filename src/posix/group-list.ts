import { libc, PosixError } from './libc.ts';

const getgrouplist = libc.func('int getgrouplist(const char *, uint32_t, void *, _Inout_ int *)');
const FIRST_COUNT = 64;
/** NGROUPS_MAX of Linux (limits.h). */
const MOST_GROUPS = 65_536;
const GROUP_BYTES = 4;
const ERANGE = 34;

/**
 * All groups of a user by the host's accounts, `gid` among them: getgrouplist(3). May ask LDAP or SSSD.
 * @throws PosixError where there are more than NGROUPS_MAX
 */
export function groupsOfUser(name: string, gid: number): readonly number[] {
  for (let room = FIRST_COUNT; room <= MOST_GROUPS; room *= 2) {
    const groups = Buffer.alloc(room * GROUP_BYTES);
    const count = [room];
    // -1: there was no room for all of them.
    if (getgrouplist(name, gid, groups, count) < 0) continue;
    return Array.from({ length: count[0] ?? 0 }, (_, index) => groups.readUInt32LE(index * GROUP_BYTES));
  }
  throw new PosixError('look up the groups of a user', ERANGE);
}
