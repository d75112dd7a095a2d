import { statSync } from 'node:fs';
import { connectDatagramSocket, type DatagramSocket } from '../../posix/datagram-socket.ts';
import { reasonOf } from '../failure.ts';
import { until } from './pace.ts';
import type { Shipment } from './shipment.ts';
import { type SinkConnection, SinkLost } from './sink.ts';

/** More than a socket holds of what was sent, unless somebody raised net.core.wmem_default (socket(7)) above it. */
const LEAST_WINDOW_BYTES = 1_048_576;

/**
 * Messages as datagrams to a Unix socket. What its process has read counts as received. A receiver that is started anew
 * makes a new socket: the next message notices, and where none comes, the file in its place does.
 *
 * @param encode one message as one datagram; the second is shorter, for a message that is too large for the socket
 */
export function datagramConnection(
  name: string,
  path: string,
  window: number,
  encode: readonly [(message: Shipment) => Buffer, (message: Shipment) => Buffer],
): SinkConnection {
  const lost = (why: string): SinkLost => new SinkLost(`Cannot ship to ${name}: ${why}`);
  const abandoned = new AbortController();
  const { socket, file } = connect();
  let sent = 0;
  let received = 0;
  let isOpen = true;

  function connect(): { socket: DatagramSocket; file: string } {
    try {
      const before = identityOf(path);
      return { socket: connectDatagramSocket(path), file: before };
    } catch (error) {
      throw lost(reasonOf(error));
    }
  }

  /** Sends once there is room; false where the datagram is too large. */
  async function put(datagram: Buffer): Promise<boolean> {
    let result: ReturnType<DatagramSocket['send']> = 'full';
    await until(() => {
      result = socket.send(datagram);
      return result !== 'full';
    }, abandoned.signal);
    // TypeScript does not see that the function above has run.
    return (result as ReturnType<DatagramSocket['send']>) === 'sent';
  }

  return {
    // What a receiver that has gone had not read looks as if it had been read.
    window: Math.max(window, LEAST_WINDOW_BYTES),
    get sent() {
      return sent;
    },
    received() {
      if (isOpen) received = Math.max(received, sent - socket.unread());
      return received;
    },
    async send(message) {
      const [whole, shorter] = encode.map((one) => one(message));
      try {
        for (const datagram of [whole, shorter]) {
          if (datagram === undefined || !(await put(datagram))) continue;
          sent += datagram.length;
          return;
        }
      } catch (error) {
        throw error instanceof SinkLost ? error : lost(reasonOf(error));
      }
      throw lost('its socket takes no message of that size');
    },
    flush: () => Promise.resolve(),
    probe() {
      try {
        if (identityOf(path) === file) return;
      } catch (error) {
        throw lost(reasonOf(error));
      }
      throw lost('another socket is in its place');
    },
    async close() {
      isOpen = false;
      socket.close();
    },
    abandon() {
      isOpen = false;
      abandoned.abort();
      socket.close();
    },
  };
}

/** A socket that was bound anew is another file, also where it got the number of the one before. */
function identityOf(path: string): string {
  const { dev, ino, ctimeNs } = statSync(path, { bigint: true });
  return `${dev}:${ino}:${ctimeNs}`;
}
