import type { Socket } from 'node:net';

/** How long a caller may take to read the last word and to close, in milliseconds. */
const LINGER_MS = 2_000;
/** How much it may still write meanwhile, in bytes: a message that was on its way. */
const LINGER_BYTES = 1_048_576;

/**
 * Ends a connection with a last line, which the caller gets to read. What it still writes is thrown away until it closes:
 * a close before that would fail its write, or reset the connection over unread bytes, and the line could be lost with it
 * (net/unix/af_unix.c, unix_release_sock; RFC 9112 section 9.6 has the same for TCP).
 */
export function endAfterLastWord(socket: Socket): void {
  if (socket.destroyed || socket.writableEnded) return;
  const readBefore = socket.bytesRead;
  socket.on('data', () => {
    if (socket.bytesRead - readBefore > LINGER_BYTES) socket.destroy();
  });
  socket.resume();
  socket.end(() => {
    if (socket.destroyed) return;
    const linger = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('close', () => clearTimeout(linger));
  });
}
