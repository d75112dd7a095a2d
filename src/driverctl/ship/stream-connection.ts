import type { Socket } from 'node:net';
import { peerHasGone } from '../../posix/poll.ts';
import { unreadBySocket } from '../../posix/unread-bytes.ts';
import { reasonOf } from '../failure.ts';
import type { Shipment } from './shipment.ts';
import { type SinkConnection, SinkLost } from './sink.ts';

/** Messages go out together up to so many bytes. */
const BATCH_BYTES = 65_536;
const CLOSES_WITHIN_MS = 1_000;

/**
 * Messages over a connected stream, TLS or not. What has left this process, and is not on its way any more as the kernel
 * says, counts as received.
 */
export function streamConnection(
  name: string,
  socket: Socket,
  window: number,
  frame: (message: Shipment) => Buffer,
): SinkConnection {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let sent = 0;
  let received = 0;
  let ended: SinkLost | null = null;
  const onEnd = new Set<() => void>();

  function end(why: string): void {
    if (ended !== null) return;
    ended = new SinkLost(`Cannot ship to ${name}: ${why}`);
    for (const settle of onEnd) settle();
  }
  socket.once('error', (error) => end(reasonOf(error)));
  socket.once('end', () => end('the connection was ended there'));
  socket.once('close', () => end('the connection was ended'));
  // Whatever a receiver answers is of no protocol.
  socket.resume();

  /** Settles when the event comes, or the connection's end, or after so many milliseconds. */
  async function nextEvent(event: string, withinMs?: number): Promise<void> {
    if (ended !== null) return;
    await new Promise<void>((resolve) => {
      const timer = withinMs === undefined ? undefined : setTimeout(settle, withinMs);
      function settle(): void {
        clearTimeout(timer);
        socket.off(event, settle);
        onEnd.delete(settle);
        resolve();
      }
      socket.once(event, settle);
      onEnd.add(settle);
    });
  }

  async function flush(): Promise<void> {
    if (ended !== null) throw ended;
    if (waitingBytes === 0) return;
    const batch = Buffer.concat(waiting, waitingBytes);
    waiting = [];
    waitingBytes = 0;
    if (!socket.write(batch)) await nextEvent('drain');
    if (ended !== null) throw ended;
  }

  return {
    window,
    get sent() {
      return sent;
    },
    received() {
      const unread = ended === null ? onItsWay(socket) : null;
      // TLS makes more bytes of a message, so this never counts too many as received.
      if (unread !== null)
        received = Math.max(received, sent - waitingBytes - socket.writableLength - unread);
      return received;
    },
    async send(message) {
      const bytes = frame(message);
      waiting.push(bytes);
      waitingBytes += bytes.length;
      sent += bytes.length;
      if (waitingBytes >= BATCH_BYTES) await flush();
      if (ended !== null) throw ended;
    },
    flush,
    probe() {
      if (ended !== null) throw ended;
    },
    async close() {
      // TLS: sends close_notify (RFC 5425 section 4.4).
      socket.end();
      await nextEvent('close', CLOSES_WITHIN_MS);
      socket.destroy();
    },
    abandon() {
      end('it was stopped');
      socket.destroy();
    },
  };
}

/**
 * Null where it cannot be known: what was on its way to a receiver that has gone is on its way no more. Node has no public
 * way to a socket's descriptor.
 */
function onItsWay(socket: Socket): number | null {
  const handle: unknown = Reflect.get(socket, '_handle');
  const descriptor: unknown =
    typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined;
  if (typeof descriptor !== 'number' || descriptor < 0) return null;
  const unread = unreadBySocket(descriptor);
  // In this order: it was there when it was asked.
  return peerHasGone(descriptor) ? null : unread;
}
