import { connectTls, connectUnixStream, type TlsTrust } from './connect-stream.ts';
import { datagramConnection } from './datagram-connection.ts';
import type { Sink } from './sink.ts';
import { streamConnection } from './stream-connection.ts';
import type { SyslogAddress } from './syslog-address.ts';
import { shortSyslogMessage, syslogFrame, syslogMessage } from './syslog-message.ts';

/**
 * A syslog receiver. There are no answers in its protocol: what a receiver's kernel has acknowledged may still be lost with
 * the receiver, so the last `window` bytes are sent again over each new connection.
 */
export function syslogSink(address: SyslogAddress, window: number, trust: TlsTrust): Sink {
  if (address.kind === 'tls') {
    const { host, port } = address;
    const name = `${host}:${port}`;
    return {
      name,
      connect: async (signal) =>
        streamConnection(name, await connectTls(host, port, trust, signal), window, syslogFrame),
    };
  }
  const { path } = address;
  return {
    name: path,
    async connect(signal) {
      const stream = await connectUnixStream(path, signal);
      return stream === null
        ? datagramConnection(path, path, window, [syslogMessage, shortSyslogMessage])
        : streamConnection(path, stream, window, syslogFrame);
    },
  };
}
