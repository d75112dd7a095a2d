import type { FilterPlan, SyscallRule } from '../../posix/seccomp.ts';
import { STRICT_SYSCALLS } from './strict-syscalls.ts';

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
/** What programs ask of terminals and descriptors: TCGETS, TIOCGPGRP, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX. */
const STRICT_IOCTLS: readonly bigint[] = [0x5401n, 0x540fn, 0x5413n, 0x541bn, 0x5421n, 0x5450n, 0x5451n];

const AF_UNIX = 1;
const AF_TIPC = 30;
const INTERNET_FAMILIES: readonly number[] = [2, 10];
const GRANTED_FAMILIES = { netlink: 16, packet: 17, vsock: 40 } as const;
/** One more than AF_MAX of any kernel so far (socket.h: 46 in Linux 6.18); above it there is no family. */
const FAMILIES = 64;

const REFUSED_OUTRIGHT: readonly string[] = [
  ...['mount', 'umount2', 'umount', 'pivot_root', 'chroot', 'mount_setattr', 'move_mount', 'open_tree'],
  ...['fsopen', 'fsconfig', 'fsmount', 'fspick', 'quotactl', 'quotactl_fd', 'swapon', 'swapoff', 'acct'],
  ...['ptrace', 'process_vm_readv', 'process_vm_writev', 'process_madvise', 'pidfd_getfd', 'kcmp'],
  ...['bpf', 'perf_event_open', 'userfaultfd', 'io_uring_setup', 'io_uring_enter', 'io_uring_register'],
  ...['keyctl', 'add_key', 'request_key', 'unshare', 'setns', 'open_by_handle_at', 'name_to_handle_at'],
  ...['kexec_load', 'kexec_file_load', 'init_module', 'finit_module', 'delete_module', 'reboot', 'syslog'],
  ...['personality', 'settimeofday', 'clock_settime', 'clock_adjtime', 'adjtimex', 'stime'],
  ...['sethostname', 'setdomainname', 'iopl', 'ioperm', 'vhangup', 'lookup_dcookie', 'fanotify_init'],
];

/** What a profile says of system calls and sockets. */
export interface FilterGrants {
  readonly filter: 'default' | 'strict';
  /** System calls that the filter would refuse; `clone` means its namespace flags. */
  readonly allow: readonly string[];
  readonly network: 'none' | 'loopback' | 'host';
  readonly sockets: readonly (keyof typeof GRANTED_FAMILIES)[];
}

export const NO_GRANTS: FilterGrants = { filter: 'default', allow: [], network: 'none', sockets: [] };

/** Names that `syscalls.allow` may be meant to say, for a misspelt one. */
export const NAMED_SYSCALLS: readonly string[] = [...REFUSED_OUTRIGHT, ...STRICT_SYSCALLS, 'clone'];

/**
 * The filter of a driver. clone3 answers ENOSYS, since its flags stand in memory that a filter cannot read and libc
 * falls back to clone. ioctl requests, flags and families are compared in their low 32 bits alone: the kernel looks at
 * no more, and a filter that looks at 64 can be passed by (CVE-2019-10063).
 */
export function driverFilter(grants: FilterGrants): FilterPlan {
  return grants.filter === 'strict' ? strictFilter(grants) : defaultFilter(grants);
}

const CLONE3: SyscallRule = { syscall: 'clone3', answer: 'ENOSYS' };
const only = (
  syscall: string,
  index: number,
  mask: bigint,
  value: bigint,
): Pick<SyscallRule, 'syscall' | 'argument'> => ({
  syscall,
  argument: { index, mask, value },
});

function defaultFilter({ allow, network, sockets }: FilterGrants): FilterPlan {
  const refused = (rule: Omit<SyscallRule, 'answer'>): SyscallRule => ({ ...rule, answer: 'refuse' });
  const families = familiesOf(network, sockets);
  const refusedFamilies = Array.from({ length: FAMILIES }, (_, family) => family).filter(
    (family) => !families.includes(family),
  );
  return {
    unlisted: 'allow',
    rules: [
      ...REFUSED_OUTRIGHT.filter((name) => !allow.includes(name)).map((syscall) => refused({ syscall })),
      CLONE3,
      ...(allow.includes('clone') ? [] : NAMESPACE_FLAGS).map((bit) => refused(only('clone', 0, bit, bit))),
      ...[TIOCSTI, TIOCLINUX].map((request) => refused(only('ioctl', 1, LOW_32_BITS, request))),
      // A Unix socket below a granted path can be reached from an empty network too: so `none` makes no socket at all.
      ...(families.length === 0
        ? [refused({ syscall: 'socket' })]
        : refusedFamilies.map((family) => refused(only('socket', 0, LOW_32_BITS, BigInt(family))))),
      refused(only('socketpair', 0, LOW_32_BITS, BigInt(AF_TIPC))),
    ],
  };
}

function strictFilter({ allow, network, sockets }: FilterGrants): FilterPlan {
  const allowed = (rule: Omit<SyscallRule, 'answer'>): SyscallRule => ({ ...rule, answer: 'allow' });
  const anyNamespace = NAMESPACE_FLAGS.reduce((all, bit) => all | bit, 0n);
  return {
    unlisted: 'refuse',
    rules: [
      ...[...new Set([...STRICT_SYSCALLS, ...allow])].map((syscall) => allowed({ syscall })),
      CLONE3,
      ...(allow.includes('clone') ? [] : [allowed(only('clone', 0, anyNamespace, 0n))]),
      ...STRICT_IOCTLS.map((request) => allowed(only('ioctl', 1, LOW_32_BITS, request))),
      allowed(only('socketpair', 0, LOW_32_BITS, BigInt(AF_UNIX))),
      ...familiesOf(network, sockets).map((family) =>
        allowed(only('socket', 0, LOW_32_BITS, BigInt(family))),
      ),
    ],
  };
}

function familiesOf(network: FilterGrants['network'], sockets: FilterGrants['sockets']): readonly number[] {
  const granted = sockets.map((name) => GRANTED_FAMILIES[name]);
  return network === 'none' ? granted : [AF_UNIX, ...INTERNET_FAMILIES, ...granted];
}

/**
 * The broker's filter: the drivers', no sockets of its own, and neither sendmsg nor sendmmsg, so that a taken-over
 * broker can hand no descriptor to a caller. Node's sockets write with write and writev.
 */
export const BROKER_FILTER: FilterPlan = {
  unlisted: 'allow',
  rules: [
    ...driverFilter(NO_GRANTS).rules,
    ...['connect', 'bind', 'listen', 'accept', 'accept4', 'sendmsg', 'sendmmsg'].map(
      (syscall): SyscallRule => ({ syscall, answer: 'refuse' }),
    ),
  ],
};
