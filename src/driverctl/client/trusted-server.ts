import { lstat, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure, reasonOf } from '../failure.ts';

/** sockaddr_un holds 107 bytes and a NUL; Node cuts a longer path without an error and would connect elsewhere (unix(7)). */
const SOCKET_PATH_LIMIT_BYTES = 107;
const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;
const ROOT = 0;

/** Whose daemon is believed: root's, one's own, and one that was named on the command line. */
export interface TrustedUsers {
  readonly own: number;
  readonly named: number | null;
}

function isTrusted(uid: number, users: TrustedUsers): boolean {
  return uid === ROOT || uid === users.own || uid === users.named;
}

/**
 * Checks a socket before anything is connected to (U4): it and its folder belong to a trusted user, and nobody else
 * can put another socket in its place (a sticky folder of root's, such as /tmp, passes).
 * Returns the path with symbolic links resolved. Throws `Failure` (connection).
 */
export async function checkSocketFile(path: string, users: TrustedUsers): Promise<string> {
  const refuse = (why: string): Failure => new Failure('connection', `Cannot connect to ${path}: ${why}`);
  if (path.includes('\0')) throw refuse('the path contains a NUL');
  const real = await realpath(path).catch((error: unknown) => {
    throw refuse(reasonOf(error));
  });
  if (Buffer.byteLength(real) > SOCKET_PATH_LIMIT_BYTES) {
    throw refuse(`the path is longer than ${SOCKET_PATH_LIMIT_BYTES} bytes`);
  }
  const [socket, folder] = await Promise.all([lstat(real), lstat(dirname(real))]).catch((error: unknown) => {
    throw refuse(reasonOf(error));
  });
  if (!socket.isSocket()) throw refuse('it is not a socket');
  if (!isTrusted(socket.uid, users)) {
    throw refuse(`the socket belongs to user ${socket.uid}, neither root nor you (see --trust-uid)`);
  }
  if (!isTrusted(folder.uid, users)) {
    throw refuse(`its folder belongs to user ${folder.uid}, neither root nor you (see --trust-uid)`);
  }
  const sticky = folder.uid === ROOT && (folder.mode & STICKY) !== 0;
  if ((folder.mode & WRITABLE_BY_OTHERS) !== 0 && !sticky) throw refuse('others can write its folder');
  return real;
}

/**
 * Checks who listens, as the kernel says (SO_PEERCRED), before a byte is sent (U4).
 * Throws `Failure` (connection) for a user who is not trusted; unknown (65534 of another user namespace) is nobody.
 */
export function checkServerUser(path: string, serverUid: number, users: TrustedUsers): void {
  if (isTrusted(serverUid, users)) return;
  throw new Failure(
    'connection',
    `Cannot trust the server at ${path}: user ${serverUid} runs it, neither root nor you (see --trust-uid)`,
  );
}
