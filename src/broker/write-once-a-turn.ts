import type { Socket } from 'node:net';

/**
 * Writes lines so that all of one turn of the event loop leave in one write(2): many answers become ready together, and each
 * write would wake the other side.
 */
export function writeOnceATurn(socket: Socket): (line: string | Uint8Array) => void {
  let isCorked = false;
  return (line) => {
    if (!isCorked) {
      isCorked = true;
      socket.cork();
      process.nextTick(() => {
        isCorked = false;
        socket.uncork();
      });
    }
    socket.write(line);
  };
}
