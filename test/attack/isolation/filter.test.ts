import { describe, expect, test } from 'vitest';
import {
  driverFilter,
  type FilterGrants,
  NAMED_SYSCALLS,
  NO_GRANTS,
} from '../../../src/monitor/launch/filter.ts';
import type { SandboxPlan } from '../../../src/monitor/launch/sandbox.ts';
import { STRICT_SYSCALLS } from '../../../src/monitor/launch/strict-syscalls.ts';
import { buildSeccompFilter, type SyscallRule, syscallNumber } from '../../../src/posix/seccomp.ts';
import { direct, planFor, runProgram } from '../../support/sandbox.ts';

/** No call in the filter answers it by itself, so who sees it has met the filter. */
const EOPNOTSUPP = 95;
const EPERM = 1;
const ENOSYS = 38;
const NEWUSER = 0x1000_0000;
/** uretprobe and uprobe of x86-64: the kernel passes them by the filter, and ends whoever calls them by hand (SIGILL). */
const PROBES = [335, 336];
/** Beyond the last system call of Linux 6.18 (470). */
const NUMBERS = 480;
const SIGSYS = 31;
const ways: readonly SandboxPlan['way'][] =
  process.geteuid?.() === 0 ? ['user-namespace', 'runc'] : ['user-namespace'];

type Call = readonly [name: string, number: number, ...words: string[]];

/** Prints, for each call, its name and the errno that it got; in Python since ctypes makes any call by number. */
function probe(calls: readonly Call[]): string[] {
  const script = [
    'import ctypes, json, sys',
    'libc = ctypes.CDLL(None, use_errno=True)',
    'for name, number, *words in json.load(sys.stdin):',
    '    ctypes.set_errno(0)',
    '    libc.syscall(ctypes.c_long(number), *[ctypes.c_ulong(int(word)) for word in words])',
    '    print(name, ctypes.get_errno(), flush=True)',
  ].join('\n');
  const text = JSON.stringify(calls).replaceAll("'", '');
  return ['/bin/sh', '-c', `echo '${text}' | /usr/bin/python3 -c '${script.replaceAll("'", '"')}'`];
}

async function errnos(
  calls: readonly Call[],
  refusal?: number,
  grants: Partial<FilterGrants> = {},
  way: SandboxPlan['way'] = 'user-namespace',
): Promise<Record<string, number>> {
  const { status, output } = await runProgram(
    planFor(direct(...probe(calls)), way),
    buildSeccompFilter(driverFilter({ ...NO_GRANTS, ...grants }), refusal),
  );
  expect([status, output.split('\n').filter(Boolean).length]).toEqual([0, calls.length]);
  const lines = output.trim().split('\n');
  return Object.fromEntries(lines.map((line) => [line.split(' ')[0], Number(line.split(' ')[1])]));
}

/** A call that meets one rule: its argument has the value that the rule looks for, all others are 0. */
function callFor({ syscall, argument }: SyscallRule): Call[] {
  const number = syscallNumber(syscall);
  if (number === null) return [];
  const words = Array.from({ length: 6 }, (_, index) =>
    index === argument?.index ? String(argument.value) : '0',
  );
  return [[argument === undefined ? syscall : `${syscall}:${argument.value}`, number, ...words]];
}

const number = (name: string): number => syscallNumber(name) ?? -1;
const all = (calls: readonly Call[], errno: number): Record<string, number> =>
  Object.fromEntries(calls.map(([name]) => [name, errno]));

describe.each(ways)('inside a driver the filter itself refuses, in the way %s (X1, X6, X7, L22)', (way) => {
  const networks = ['none', 'loopback', 'host'] as const;
  test.each(networks)(
    'mount, ptrace, unshare, keyctl and the like see errno 95 where the filter is built with it: every rule, with network %s',
    async (network) => {
      const rules = driverFilter({ ...NO_GRANTS, network }).rules.filter((rule) => rule.answer === 'refuse');
      const calls = rules.flatMap(callFor);
      expect(calls.length).toBeGreaterThan(60);
      expect(await errnos(calls, EOPNOTSUPP, { network }, way)).toEqual(all(calls, EOPNOTSUPP));
    },
  );

  test('the same calls see EPERM under the filter that drivers get', async () => {
    const calls = driverFilter(NO_GRANTS)
      .rules.filter((rule) => rule.answer === 'refuse')
      .flatMap(callFor);
    expect(await errnos(calls, EPERM, {}, way)).toEqual(all(calls, EPERM));
  });

  test('a call that is granted by name meets the kernel, not the filter', async () => {
    const calls: Call[] = [['ptrace', number('ptrace'), '9999', '0', '0', '0']];
    expect(await errnos(calls, EOPNOTSUPP, {}, way)).toEqual({ ptrace: EOPNOTSUPP });
    expect((await errnos(calls, EOPNOTSUPP, { allow: ['ptrace'] }, way))['ptrace']).not.toBe(EOPNOTSUPP);
  });

  test('clone with a namespace flag is refused, and clone3 is said not to exist, so that libc falls back', async () => {
    const calls: Call[] = [
      ['clone', number('clone'), String(NEWUSER), '0', '0', '0', '0'],
      ['unshare', number('unshare'), String(NEWUSER)],
      ['clone3', number('clone3'), '0', '0'],
    ];
    const expected = { clone: EOPNOTSUPP, unshare: EOPNOTSUPP, clone3: ENOSYS };
    expect(await errnos(calls, EOPNOTSUPP, {}, way)).toEqual(expected);
    expect(await errnos(calls, EOPNOTSUPP, { filter: 'strict' }, way)).toEqual(expected);
  });

  test('TIOCSTI is refused by its low 32 bits, whatever stands above them (L18, CVE-2019-10063)', async () => {
    const calls: Call[] = [
      ['plain', number('ioctl'), '0', String(0x5412), '0'],
      ['upper', number('ioctl'), '0', String(0x1_0000_0000 + 0x5412), '0'],
      ['linux', number('ioctl'), '0', String(0x541c), '0'],
    ];
    expect(await errnos(calls, EOPNOTSUPP, {}, way)).toEqual(all(calls, EOPNOTSUPP));
    expect(await errnos(calls, EOPNOTSUPP, { filter: 'strict' }, way)).toEqual(all(calls, EOPNOTSUPP));
  });

  test('a socket family is refused by its low 32 bits too', async () => {
    const calls: Call[] = [['packet', number('socket'), String(0x1_0000_0000 + 17), '3', '0']];
    expect(await errnos(calls, EOPNOTSUPP, { network: 'host' }, way)).toEqual({ packet: EOPNOTSUPP });
  });

  test.runIf(process.arch === 'x64')('the x32 entry is refused as a whole', async () => {
    const calls: Call[] = [['getpid', 0x4000_0000 + 39]];
    if (way !== 'runc') return expect(await errnos(calls, EOPNOTSUPP)).toEqual({ getpid: EOPNOTSUPP });
    // runc ends whoever comes that way.
    const filter = buildSeccompFilter(driverFilter(NO_GRANTS), EOPNOTSUPP);
    const { status, output } = await runProgram(planFor(direct(...probe(calls)), way), filter);
    expect([status, output.includes('getpid')]).toEqual([128 + SIGSYS, false]);
  });
});

test.each(ways)(
  'the strict filter refuses every number that it does not list, in the way %s (X7)',
  async (way) => {
    const listed = new Set([...STRICT_SYSCALLS, 'clone', 'clone3', 'ioctl', 'socket'].map(syscallNumber));
    const calls = Array.from(
      { length: NUMBERS },
      (_, value): Call => [String(value), value, '0', '0', '0', '0', '0'],
    ).filter(([, value]) => !listed.has(value) && !(process.arch === 'x64' && PROBES.includes(value)));
    expect(calls.length).toBeGreaterThan(150);
    expect(await errnos(calls, EOPNOTSUPP, { filter: 'strict' }, way)).toEqual(all(calls, EOPNOTSUPP));
  },
);

test('every name in the filters is one that libseccomp knows; what this architecture lacks is listed', () => {
  const missing = NAMED_SYSCALLS.filter((name) => syscallNumber(name) === null);
  if (process.arch === 'x64') expect(missing.toSorted()).toEqual(['stime', 'umount']);
});
