import { ownDescriptor } from './descriptor.ts';
import { checked, libc } from './libc.ts';
import { unixAddress } from './unix-address.ts';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0x8_0000;
const MSG_NOSIGNAL = 0x4000;
const MSG_DONTWAIT = 0x40;

const makeSocket = libc.func('int socket(int, int, int)');
const sendto = libc.func('int64_t sendto(int, void *, size_t, int, void *, unsigned int)');

/**
 * Sends one datagram to a service manager's socket, as sd_notify(3) does.
 * @param address a path, or `@name` for an abstract one
 * @param message lines `NAME=value`
 * @throws PosixError where nobody takes it, RangeError where the address is none
 */
export function sendNotification(address: string, message: string): void {
  const to = unixAddress(address);
  if (to === null) throw new RangeError('Cannot notify the service manager: NOTIFY_SOCKET is no address');
  const bytes = Buffer.from(message);
  const socket = ownDescriptor(checked('make a socket', makeSocket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)));
  try {
    const flags = MSG_NOSIGNAL | MSG_DONTWAIT;
    checked(
      'notify the service manager',
      Number(sendto(socket.number, bytes, bytes.length, flags, to, to.length)),
    );
  } finally {
    socket.close();
  }
}
