import { type Descriptor, ownDescriptor } from './descriptor.ts';
import { sendDescriptorAlone } from './descriptor-passing.ts';
import { checked, lastErrno, libc, PosixError } from './libc.ts';
import { unixAddress } from './unix-address.ts';
import { unreadBySocket } from './unread-bytes.ts';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0x8_0000;
const SOCK_NONBLOCK = 0x800;
const MSG_NOSIGNAL = 0x4000;
const EAGAIN = 11;
const EMSGSIZE = 90;
const ENOBUFS = 105;

const makeSocket = libc.func('int socket(int, int, int)');
const connect = libc.func('int connect(int, void *, unsigned int)');
const send = libc.func('int64_t send(int, void *, size_t, int)');

/** A Unix datagram socket that is connected to one receiver, which Node has no module for. It never waits. */
export interface DatagramSocket {
  /** `full`: no room now. `too-large`: over the socket's send buffer, at any time. Throws `PosixError`: the receiver is gone. */
  send(datagram: Buffer): 'sent' | 'full' | 'too-large';
  /** Sends an open file and no byte with it. Throws as `send`. */
  sendFile(file: Descriptor): 'sent' | 'full';
  /** Memory of what was sent and not read by the receiver's process; 0 also once the receiver is gone. Throws `PosixError`. */
  unread(): number;
  close(): void;
}

/**
 * Connects to a receiver: the socket that has the name now, whatever takes the name later (unix(7)).
 * Throws `PosixError` (ENOENT, ECONNREFUSED, EPROTOTYPE where it is a socket of another type), RangeError for no address.
 */
export function connectDatagramSocket(address: string): DatagramSocket {
  const to = unixAddress(address);
  if (to === null) throw new RangeError('Cannot connect a socket: the path is no address of one');
  const type = SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
  const socket = ownDescriptor(checked('make a socket', makeSocket(AF_UNIX, type, 0)));
  try {
    checked('connect a socket', connect(socket.number, to, to.length));
  } catch (error) {
    socket.close();
    throw error;
  }
  return {
    send(datagram) {
      if (Number(send(socket.number, datagram, datagram.length, MSG_NOSIGNAL)) >= 0) return 'sent';
      const errno = lastErrno();
      if (errno === EAGAIN || errno === ENOBUFS) return 'full';
      if (errno === EMSGSIZE) return 'too-large';
      throw new PosixError('send a datagram', errno);
    },
    sendFile: (file) => (sendDescriptorAlone(socket.number, file.number) ? 'sent' : 'full'),
    unread: () => unreadBySocket(socket.number),
    close: socket.close,
  };
}
