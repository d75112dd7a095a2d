import { type Descriptor, ownDescriptor } from './descriptor.ts';
import { PosixError } from './libc.ts';
import { readSocketOption } from './socket-option.ts';

const SO_PEERCRED = 17;
const SO_PEERGROUPS = 59;
const SO_PEERPIDFD = 77;
const ENOPROTOOPT = 92;
/** NGROUPS_MAX of Linux (limits.h). */
const MAXIMUM_GROUPS = 65_536;
const UCRED_BYTES = 12;

const ucred = Buffer.alloc(UCRED_BYTES);
const pidfdValue = Buffer.alloc(4);

export interface PeerCredentials {
  readonly pid: number;
  /** Unsigned 32-bit. */
  readonly uid: number;
  readonly gid: number;
}

/**
 * Who connected (or, on a client's side, who listens), as the kernel recorded it then: unix(7), SO_PEERCRED.
 * Throws `PosixError`, or `RangeError` where the answer is short; unknown is never anybody.
 */
export function peerCredentials(socket: number): PeerCredentials {
  const length = readSocketOption(socket, SO_PEERCRED, ucred);
  if (length < 0) throw new PosixError('read peer credentials', -length);
  if (length !== UCRED_BYTES) throw new RangeError('Cannot read peer credentials: the answer is short');
  return { pid: ucred.readInt32LE(0), uid: ucred.readUInt32LE(4), gid: ucred.readUInt32LE(8) };
}

/** The peer's supplementary groups at connect (SO_PEERGROUPS, Linux 4.13). Throws like `peerCredentials`. */
export function peerGroups(socket: number): readonly number[] {
  let value = Buffer.alloc(4 * 64);
  let length = readSocketOption(socket, SO_PEERGROUPS, value);
  const ERANGE = 34;
  if (length === -ERANGE) {
    value = Buffer.alloc(4 * MAXIMUM_GROUPS);
    length = readSocketOption(socket, SO_PEERGROUPS, value);
  }
  if (length < 0) throw new PosixError('read peer groups', -length);
  if (length % 4 !== 0) throw new RangeError('Cannot read peer groups: the answer is short');
  return Array.from({ length: length / 4 }, (_, index) => value.readUInt32LE(4 * index));
}

/**
 * A pidfd of the process that connected (SO_PEERPIDFD, Linux 6.5), close-on-exec; null where the kernel has none or
 * the process is gone already. Throws `PosixError`.
 */
export function peerPidfd(socket: number): Descriptor | null {
  const length = readSocketOption(socket, SO_PEERPIDFD, pidfdValue);
  const ESRCH = 3;
  const EINVAL = 22;
  if (length === -ENOPROTOOPT || length === -ESRCH || length === -EINVAL) return null;
  if (length < 0) throw new PosixError('read the peer pidfd', -length);
  if (length !== 4) throw new RangeError('Cannot read the peer pidfd: the answer is short');
  return ownDescriptor(pidfdValue.readInt32LE(0));
}
