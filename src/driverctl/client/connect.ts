import { connect, type Socket } from 'node:net';
import { peerCredentials } from '../../posix/peer-credentials.ts';
import { Failure, reasonOf } from '../failure.ts';
import { checkServerUser, checkSocketFile, type TrustedUsers } from './trusted-server.ts';

/** How long a connect may take: a full backlog of a busy daemon makes it wait. */
const CONNECT_LIMIT_MS = 10_000;

/** Who listens at the other end of a connected socket, by its descriptor. */
export type ServerUserOf = (descriptor: number) => number;

const serverUserByKernel: ServerUserOf = (descriptor) => peerCredentials(descriptor).uid;

/** Node has no public way to a socket's descriptor; `_handle.fd` has been there since its first releases. */
function descriptorOf(socket: Socket): number {
  const handle: unknown = Reflect.get(socket, '_handle');
  const descriptor: unknown =
    typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined;
  if (typeof descriptor !== 'number' || descriptor < 0) {
    throw new Failure('connection', 'Cannot check the server: the socket is closed already');
  }
  return descriptor;
}

/**
 * A connection to a daemon that is to be trusted; nothing has been sent on it.
 *
 * @param path where the daemon listens
 * @param users whose daemon is believed
 * @param serverUserOf asks who listens; the kernel, except in tests
 * Throws `Failure` (connection).
 */
export async function connectToDaemon(
  path: string,
  users: TrustedUsers,
  serverUserOf: ServerUserOf = serverUserByKernel,
): Promise<Socket> {
  const socket = connect({ path: await checkSocketFile(path, users) });
  try {
    await connected(socket, path);
    checkServerUser(path, serverUserOf(descriptorOf(socket)), users);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error instanceof Failure
      ? error
      : new Failure('connection', `Cannot connect to ${path}: ${reasonOf(error)}`);
  }
}

function connected(socket: Socket, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Failure('connection', `Cannot connect to ${path}: no answer within ${CONNECT_LIMIT_MS} ms`));
    }, CONNECT_LIMIT_MS);
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
