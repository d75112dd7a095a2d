import type { SyscallRule } from '../../posix/seccomp.ts';

/** clone(2) flags that make a namespace. */
const NAMESPACE_FLAGS: readonly bigint[] = [
  0x0000_0080n, // CLONE_NEWTIME
  0x0002_0000n, // CLONE_NEWNS
  0x0200_0000n, // CLONE_NEWCGROUP
  0x0400_0000n, // CLONE_NEWUTS
  0x0800_0000n, // CLONE_NEWIPC
  0x1000_0000n, // CLONE_NEWUSER
  0x2000_0000n, // CLONE_NEWPID
  0x4000_0000n, // CLONE_NEWNET
];
const LOW_32_BITS = 0xffff_ffffn;
const TIOCSTI = 0x5412n;
const TIOCLINUX = 0x541cn;
const AF_NETLINK = 16n;
const AF_PACKET = 17n;
const AF_VSOCK = 40n;

const REFUSED_OUTRIGHT = [
  ...['mount', 'umount2', 'umount', 'pivot_root', 'chroot', 'mount_setattr', 'move_mount', 'open_tree'],
  ...['fsopen', 'fsconfig', 'fsmount', 'fspick', 'quotactl', 'quotactl_fd', 'swapon', 'swapoff', 'acct'],
  ...['ptrace', 'process_vm_readv', 'process_vm_writev', 'process_madvise', 'pidfd_getfd', 'kcmp'],
  ...['bpf', 'perf_event_open', 'userfaultfd', 'io_uring_setup', 'io_uring_enter', 'io_uring_register'],
  ...['keyctl', 'add_key', 'request_key', 'unshare', 'setns', 'open_by_handle_at', 'name_to_handle_at'],
  ...['kexec_load', 'kexec_file_load', 'init_module', 'finit_module', 'delete_module', 'reboot', 'syslog'],
  ...['personality', 'settimeofday', 'clock_settime', 'clock_adjtime', 'adjtimex', 'stime'],
  ...['sethostname', 'setdomainname', 'iopl', 'ioperm', 'vhangup', 'lookup_dcookie'],
];

const refused = (syscall: string): SyscallRule => ({ syscall });

/**
 * The filter of every driver. clone3 answers ENOSYS, since its flags stand in memory that a filter cannot read and
 * libc falls back to clone. ioctl requests are compared in their low 32 bits alone: the kernel looks at no more, and
 * a filter that looks at 64 can be passed by (CVE-2019-10063).
 */
export const DRIVER_FILTER: readonly SyscallRule[] = [
  ...REFUSED_OUTRIGHT.map(refused),
  { syscall: 'clone3', errno: 'ENOSYS' },
  ...NAMESPACE_FLAGS.map((bit) => ({ syscall: 'clone', argument: { index: 0, mask: bit, value: bit } })),
  ...[TIOCSTI, TIOCLINUX].map((request) => ({
    syscall: 'ioctl',
    argument: { index: 1, mask: LOW_32_BITS, value: request },
  })),
  ...[AF_NETLINK, AF_PACKET, AF_VSOCK].map((family) => ({
    syscall: 'socket',
    argument: { index: 0, mask: LOW_32_BITS, value: family },
  })),
];

/**
 * The broker's filter: the drivers', no sockets of its own, and neither sendmsg nor sendmmsg, so that a taken-over
 * broker can hand no descriptor to a caller. Node's sockets write with write and writev.
 */
export const BROKER_FILTER: readonly SyscallRule[] = [
  ...DRIVER_FILTER.filter((rule) => rule.syscall !== 'socket'),
  ...['socket', 'connect', 'bind', 'listen', 'accept', 'accept4', 'sendmsg', 'sendmmsg'].map(refused),
];
