import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

/** Somebody outside of a machine, who keeps what it says. */
export interface Listener {
  /** Whole lines that came so far. */
  lines(): readonly string[];
  /** Settles once all has come that can. */
  ended: Promise<unknown>;
  close(): void;
}

/** Listens at a Unix socket to the one who connects first. */
export async function listenAt(path: string): Promise<Listener> {
  let text = '';
  const ended = Promise.withResolvers<void>();
  const server: Server = createServer((socket: Socket) => {
    server.close();
    socket.setEncoding('latin1');
    socket.on('data', (more: string) => {
      text += more;
    });
    socket.on('error', () => socket.destroy());
    socket.once('close', () => ended.resolve());
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    lines: () => text.split('\n').slice(0, -1),
    ended: ended.promise,
    close() {
      server.close();
      ended.resolve();
    },
  };
}
