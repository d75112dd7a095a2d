import koffi from 'koffi';
import { libc, PosixError } from './libc.ts';

const ERANGE = 34;
const FIRST_BUFFER = 4_096;
/** A group of tens of thousands of members fits; more is refused. */
const LARGEST_BUFFER = 4_194_304;

const getpwnam = libc.func('int getpwnam_r(const char *, void *, void *, size_t, void *)');
const getgrnam = libc.func('int getgrnam_r(const char *, void *, void *, size_t, void *)');
const getpwuid = libc.func('int getpwuid_r(uint32_t, void *, void *, size_t, void *)');
const getgrgid = libc.func('int getgrgid_r(uint32_t, void *, void *, size_t, void *)');

type Lookup<Key> = (key: Key, record: Buffer, buffer: Buffer, size: number, result: Buffer) => number;

/** Looks an account up; returns what `read` reads in libc's record, or null where there is none. Throws `PosixError` where the source failed. */
function find<Key, Found>(
  call: string,
  lookup: Lookup<Key>,
  key: Key,
  read: (record: Buffer) => Found,
): Found | null {
  const record = Buffer.alloc(64);
  const result = Buffer.alloc(8);
  for (let size = FIRST_BUFFER; size <= LARGEST_BUFFER; size *= 4) {
    const buffer = Buffer.alloc(size);
    const error = lookup(key, record, buffer, size, result);
    if (error === ERANGE) continue;
    // getpwnam_r(3): "0 or ENOENT or ESRCH or EBADF or EPERM or ... The given name or uid was not found."
    const notFound = [2, 3, 9, 1].includes(error);
    if (error !== 0 && !notFound) throw new PosixError(call, error);
    const found = result.readBigUInt64LE() === 0n ? null : read(record);
    // The record points into it: it has to live until here.
    buffer.fill(0);
    return found;
  }
  throw new PosixError(call, ERANGE);
}

export interface AccountIds {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The numbers of a user's name, or null where there is none: getpwnam_r(3). May ask LDAP or SSSD, so it is called
 * when configuration is loaded, never in the path of a call. Throws `PosixError` where the look-up itself failed.
 */
export function findUser(name: string): AccountIds | null {
  // struct passwd: pw_name 0, pw_passwd 8, pw_uid 16, pw_gid 20 (64-bit Linux).
  return find('look up a user', getpwnam, name, (record) => ({
    uid: record.readUInt32LE(16),
    gid: record.readUInt32LE(20),
  }));
}

/** The number of a group's name, or null: getgrnam_r(3). When and what it throws: as `findUser`. */
export function findGroup(name: string): number | null {
  // struct group: gr_name 0, gr_passwd 8, gr_gid 16.
  return find('look up a group', getgrnam, name, (record) => record.readUInt32LE(16));
}

/** The name of a user's number, or null: getpwuid_r(3). When and what it throws: as `findUser`. */
export function findUserName(uid: number): string | null {
  return find('look up a user', getpwuid, uid, nameIn);
}

/** The name of a group's number, or null: getgrgid_r(3). When and what it throws: as `findUser`. */
export function findGroupName(gid: number): string | null {
  return find('look up a group', getgrgid, gid, nameIn);
}

function nameIn(record: Buffer): string | null {
  const name: unknown = koffi.decode(record, 0, 'char *');
  return typeof name === 'string' ? name : null;
}
