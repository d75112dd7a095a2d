import { describe, expect, test } from 'vitest';
import { driverFilter, NO_GRANTS } from '../../../src/monitor/launch/filter.ts';
import { buildSeccompFilter } from '../../../src/posix/seccomp.ts';
import { direct, planFor, runProgram } from '../../support/sandbox.ts';

/** No call in the filter answers it by itself, so who sees it has met the filter. */
const EOPNOTSUPP = 95;
const EPERM = 1;
const ENOSYS = 38;

/** Numbers of x86-64 and arm64 (syscalls(2)). */
const numbers: Record<string, readonly [number, number]> = {
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  pidfd_getfd: [438, 438],
  kcmp: [312, 272],
  bpf: [321, 280],
  perf_event_open: [298, 241],
  keyctl: [250, 219],
  add_key: [248, 217],
  unshare: [272, 97],
  setns: [308, 268],
  open_by_handle_at: [304, 265],
  io_uring_setup: [425, 425],
  userfaultfd: [323, 282],
  personality: [135, 92],
  swapon: [167, 224],
  reboot: [169, 142],
  clock_settime: [227, 112],
  init_module: [175, 105],
  kexec_load: [246, 104],
  mount_setattr: [442, 442],
};
const column = process.arch === 'x64' ? 0 : 1;
const CLONE = [56, 220][column];
const CLONE3 = 435;
const NEWUSER = 0x1000_0000;

/** Prints, for each call, its name and the errno that it got; in Python since ctypes makes any call by number. */
function probe(calls: readonly (readonly [string, number, ...number[]])[]): string[] {
  const script = [
    'import ctypes, json, sys',
    'libc = ctypes.CDLL(None, use_errno=True)',
    'for name, number, *words in json.loads(sys.argv[1]):',
    '    ctypes.set_errno(0)',
    '    libc.syscall(ctypes.c_long(number), *[ctypes.c_ulong(word) for word in words])',
    '    print(name, ctypes.get_errno(), flush=True)',
  ].join('\n');
  return ['/usr/bin/python3', '-c', script, JSON.stringify(calls)];
}

async function errnos(calls: readonly (readonly [string, number, ...number[]])[], refusal?: number) {
  const { status, output } = await runProgram(
    planFor(direct(...probe(calls))),
    buildSeccompFilter(driverFilter(NO_GRANTS), refusal),
  );
  expect(status).toBe(0);
  return Object.fromEntries(
    output
      .trim()
      .split('\n')
      .map((line) => [line.split(' ')[0], Number(line.split(' ')[1])]),
  );
}

const calls = Object.entries(numbers).map(
  ([name, pair]) => [name, pair[column] ?? -1, 0, 0, 0, 0, 0] as const,
);

describe('inside a driver the filter itself refuses (X1, X6, X7, L22)', () => {
  test('mount, ptrace, unshare, keyctl and the like see errno 95 where the filter is built with it', async () => {
    const seen = await errnos(calls, EOPNOTSUPP);
    expect(seen).toEqual(Object.fromEntries(Object.keys(numbers).map((name) => [name, EOPNOTSUPP])));
  });

  test('the same calls see EPERM under the filter that drivers get', async () => {
    const seen = await errnos(calls);
    expect(seen).toEqual(Object.fromEntries(Object.keys(numbers).map((name) => [name, EPERM])));
  });

  test('clone with a namespace flag is refused, and clone3 is said not to exist, so that libc falls back', async () => {
    const seen = await errnos(
      [
        ['clone', CLONE ?? -1, NEWUSER, 0, 0, 0, 0],
        ['unshare', numbers['unshare']?.[column] ?? -1, NEWUSER],
        ['clone3', CLONE3, 0, 0],
      ],
      EOPNOTSUPP,
    );
    expect(seen).toEqual({ clone: EOPNOTSUPP, unshare: EOPNOTSUPP, clone3: ENOSYS });
  });

  test('TIOCSTI is refused by its low 32 bits, whatever stands above them (L18, CVE-2019-10063)', async () => {
    const ioctl = [16, 29][column] ?? -1;
    const seen = await errnos(
      [
        ['plain', ioctl, 0, 0x5412, 0],
        ['upper', ioctl, 0, 0x1_0000_0000 + 0x5412, 0],
        ['linux', ioctl, 0, 0x541c, 0],
      ],
      EOPNOTSUPP,
    );
    expect(seen).toEqual({ plain: EOPNOTSUPP, upper: EOPNOTSUPP, linux: EOPNOTSUPP });
  });

  test('netlink, packet and vsock sockets are refused (X5)', async () => {
    const socket = [41, 198][column] ?? -1;
    const seen = await errnos(
      [
        ['netlink', socket, 16, 3, 0],
        ['packet', socket, 17, 3, 0],
        ['vsock', socket, 40, 1, 0],
      ],
      EOPNOTSUPP,
    );
    expect(seen).toEqual({ netlink: EOPNOTSUPP, packet: EOPNOTSUPP, vsock: EOPNOTSUPP });
  });

  test.runIf(process.arch === 'x64')('the x32 entry is refused as a whole', async () => {
    const seen = await errnos([['getpid', 0x4000_0000 + 39]], EOPNOTSUPP);
    expect(seen).toEqual({ getpid: EOPNOTSUPP });
  });
});
