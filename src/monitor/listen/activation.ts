import { createServer, type Server } from 'node:net';
import { listeningPath } from '../../posix/listening-socket.ts';
import { BACKLOG } from './listen.ts';

/** Where a service manager passes the first descriptor (SD_LISTEN_FDS_START, sd_listen_fds(3)). */
const FIRST_DESCRIPTOR = 3;

/** A socket that a service manager made and passed on. */
export interface PassedSocket {
  readonly path: string;
  listen(): Promise<Server>;
  /**
   * For a daemon that cannot start: hangs up on who waits, unread. Else they would wait for nothing, and the service manager
   * would start the daemon again for them. Nothing where it was listened on already.
   */
  turnAway(): Promise<void>;
}

/** How long those who wait are hung up on, in milliseconds. */
const TURN_AWAY_MS = 100;

/**
 * The socket that was passed by socket activation, or null where none was: sd_listen_fds(3), which every `LISTEN_` variable
 * that is there has to bear out. Those variables are removed: they are no child's.
 * @throws Error where something was passed, but not one listening Unix stream socket for this process (T20)
 */
export function takePassedSocket(environment: NodeJS.ProcessEnv): PassedSocket | null {
  const { LISTEN_PID: pid, LISTEN_FDS: count } = environment;
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) delete environment[name];
  if (pid === undefined && count === undefined) return null;
  const why = (text: string): Error =>
    new Error(`Cannot use the passed socket: ${text}; start driverd by driverd.socket`);
  if (pid !== String(process.pid)) throw why('LISTEN_PID names another process');
  if (count !== '1') throw why('LISTEN_FDS has to be 1');
  const found = listeningPath(FIRST_DESCRIPTOR);
  if ('refused' in found) throw why(found.refused);
  let taken = false;
  const makeServer = (): Server => createServer({ pauseOnConnect: true, allowHalfOpen: true });
  // listen(2) is called once more by libuv: without a backlog here it would shrink to 511.
  const place = { fd: FIRST_DESCRIPTOR, backlog: BACKLOG };
  return {
    path: found.path,
    listen() {
      taken = true;
      const server = makeServer();
      return new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(place, () => resolve(server));
      });
    },
    turnAway() {
      if (taken) return Promise.resolve();
      const server = makeServer();
      server.on('connection', (connection) => connection.destroy());
      return new Promise((resolve) => {
        server.once('error', () => resolve());
        server.listen(place);
        setTimeout(resolve, TURN_AWAY_MS);
      });
    },
  };
}
