import { fstatSync } from 'node:fs';
import { checked, libc } from './libc.ts';
import { readSocketOption } from './socket-option.ts';

const SO_TYPE = 3;
const SO_ACCEPTCONN = 30;
const SO_DOMAIN = 39;
const AF_UNIX = 1;
const SOCK_STREAM = 1;
/** sockaddr_un: a family of two bytes, then sun_path (unix(7)). */
const ADDRESS_BYTES = 110;
const PATH_FROM = 2;

const getsockname = libc.func('int getsockname(int, void *, void *)');

/**
 * The path of a socket that somebody else made and listens on, or what it is instead of a Unix stream socket that
 * listens at a path (an abstract name has no permissions).
 * @param descriptor may be anything, also none that is open
 */
export function listeningPath(descriptor: number): { readonly path: string } | { readonly refused: string } {
  if (!isSocket(descriptor)) return { refused: 'it is no socket' };
  if (option(descriptor, SO_DOMAIN) !== AF_UNIX) return { refused: 'it is no Unix socket' };
  if (option(descriptor, SO_TYPE) !== SOCK_STREAM) return { refused: 'it is no stream socket' };
  if (option(descriptor, SO_ACCEPTCONN) !== 1) return { refused: 'it does not listen' };
  const path = nameOf(descriptor);
  return path.startsWith('/') ? { path } : { refused: 'it has no path' };
}

function isSocket(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isSocket();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EBADF') return false;
    throw error;
  }
}

function option(descriptor: number, name: number): number | null {
  const value = Buffer.alloc(4);
  return readSocketOption(descriptor, name, value) === value.length ? value.readInt32LE(0) : null;
}

/** Its name without the NULs that may follow; empty for one without a name, and for an abstract one. */
function nameOf(descriptor: number): string {
  const address = Buffer.alloc(ADDRESS_BYTES);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(ADDRESS_BYTES);
  checked('read the name of a socket', getsockname(descriptor, address, length));
  const path = address.subarray(PATH_FROM, Math.min(length.readUInt32LE(0), ADDRESS_BYTES));
  const end = path.indexOf(0);
  return path.subarray(0, end === -1 ? path.length : end).toString('utf8');
}
