import { connect as connectSocket, isIP, type Socket } from 'node:net';
import { connect as connectTlsSocket } from 'node:tls';
import { reasonOf } from '../failure.ts';
import { SinkLost } from './sink.ts';

const CONNECTS_WITHIN_MS = 10_000;
/** After so long without traffic the kernel asks whether the receiver's host is still there. */
const KEEP_ALIVE_MS = 60_000;

/** Whom to believe at the other end of TLS, and how to show who asks. */
export interface TlsTrust {
  /** PEM: the authorities that may vouch for the receiver; null: those that Node brings with it. */
  readonly authorities: Buffer | null;
  /** The name that the receiver's certificate must hold; null: the host that was connected to. */
  readonly serverName: string | null;
  /** PEM: how this host shows who it is, where the receiver asks. */
  readonly own: { readonly certificate: Buffer; readonly key: Buffer } | null;
}

/** Connects to a Unix stream socket. Rejects with `SinkLost`, and with null where the socket is of another type. */
export async function connectUnixStream(path: string, signal: AbortSignal): Promise<Socket | null> {
  const socket = connectSocket({ path });
  try {
    return await connected(path, socket, 'connect', signal);
  } catch (error) {
    // unix(7), EPROTOTYPE: what listens there takes datagrams.
    if (error instanceof SinkLost && isOtherType(error.cause)) return null;
    throw error;
  }
}

/** Connects with TLS 1.2 or newer and proves the receiver (RFC 5425 section 5.1). Rejects with `SinkLost`. */
export async function connectTls(
  host: string,
  port: number,
  { authorities, serverName, own }: TlsTrust,
  signal: AbortSignal,
): Promise<Socket> {
  // A name of its own for an address: RFC 6066 section 3 has no addresses in SNI.
  const name = serverName ?? (isIP(host) === 0 ? host : null);
  const socket = connectTlsSocket({
    ...{ host, port, rejectUnauthorized: true },
    minVersion: 'TLSv1.2',
    ...(name === null ? {} : { servername: name }),
    ...(authorities === null ? {} : { ca: authorities }),
    ...(own === null ? {} : { cert: own.certificate, key: own.key }),
  });
  await connected(`${host}:${port}`, socket, 'secureConnect', signal);
  return socket.setKeepAlive(true, KEEP_ALIVE_MS);
}

async function connected(
  name: string,
  socket: Socket,
  event: 'connect' | 'secureConnect',
  signal: AbortSignal,
): Promise<Socket> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(CONNECTS_WITHIN_MS)]);
  try {
    await new Promise<void>((resolve, reject) => {
      const stop = (): void => reject(new Error(`nobody answered within ${CONNECTS_WITHIN_MS} ms`));
      if (limit.aborted) return stop();
      limit.addEventListener('abort', stop, { once: true });
      socket.once(event, resolve);
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('the connection was ended there')));
    });
    return socket;
  } catch (error) {
    socket.on('error', () => undefined);
    socket.destroy();
    throw new SinkLost(`Cannot ship to ${name}: ${reasonOf(error)}`, { cause: error });
  }
}

function isOtherType(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPROTOTYPE';
}
