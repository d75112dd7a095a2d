import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';

/** sun_path holds 108 bytes with its NUL (unix(7)); a longer path would be cut without an error. */
const MAXIMUM_PATH_BYTES = 107;
/** A full backlog refuses a non-blocking connect at once. */
export const BACKLOG = 4_096;

export interface SocketPlace {
  readonly path: string;
  readonly mode: number;
  /** null leaves the group of the daemon. */
  readonly gid: number | null;
}

/**
 * Listens with the final mode and owner from the first moment: the socket is made in a private folder beside its
 * place and renamed into it. A stale socket is replaced only if nobody listens; a live one, or anything that is not a
 * socket, is refused. Connections come unread (`pauseOnConnect`).
 * @throws Error
 */
export async function listen(place: SocketPlace): Promise<Server> {
  const why = (text: string): Error => new Error(`Cannot listen on ${place.path}: ${text}`);
  if (place.path.includes('\0')) throw why('the path has a NUL');
  const folder = dirname(place.path);
  makeFolder(folder);
  await refuseLiveSocket(place.path, why);

  const privateFolder = mkdtempSync(join(folder, '.d-'));
  const privatePath = join(privateFolder, 's');
  if (Math.max(Buffer.byteLength(privatePath), Buffer.byteLength(place.path)) > MAXIMUM_PATH_BYTES) {
    rmSync(privateFolder, { recursive: true });
    throw why(`the path is longer than ${MAXIMUM_PATH_BYTES - 10} bytes`);
  }
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ path: privatePath, backlog: BACKLOG }, resolve);
    });
    chmodSync(privatePath, place.mode);
    if (place.gid !== null) giveToGroup(privatePath, place.gid, why);
    renameSync(privatePath, place.path);
  } catch (error) {
    server.close();
    throw error;
  } finally {
    rmSync(privateFolder, { recursive: true, force: true });
  }
  return server;
}

function giveToGroup(path: string, gid: number, why: (text: string) => Error): void {
  try {
    chownSync(path, -1, gid);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) throw error;
    throw why(`it cannot be given to group ${gid} without CAP_CHOWN; start driverd by driverd.socket`);
  }
}

/** Everybody may pass to the socket; only the daemon's user writes the folder. */
function makeFolder(folder: string): void {
  // The umask of this process is 077, and would close the folder to every caller.
  if (mkdirSync(folder, { recursive: true }) !== undefined) chmodSync(folder, 0o755);
  const { mode, uid } = statSync(folder);
  const sticky = (mode & 0o1000) !== 0;
  if (!sticky && ((uid !== 0 && uid !== process.geteuid?.()) || (mode & 0o022) !== 0)) {
    throw new Error(`Cannot listen in ${folder}: others can write the folder`);
  }
}

async function refuseLiveSocket(path: string, why: (text: string) => Error): Promise<void> {
  try {
    if (!lstatSync(path).isSocket()) throw why('something that is not a socket stands there');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
  const live = await new Promise<boolean>((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(true);
    });
    // EAGAIN: its backlog is full, so somebody listens. Only a refused connect shows that nobody does.
    probe.once('error', (error) => resolve(!('code' in error && error.code === 'ECONNREFUSED')));
  });
  if (live) throw why('another program listens there');
}
