import { expect } from 'vitest';

export type Got = { readonly ok?: true; readonly value?: unknown; readonly errno?: string };
export type Subject = 'a driver with CAP_NET_RAW' | 'a driver that runs as root';

/** Where the files of the test lie. */
export interface Places {
  readonly shared: string;
  readonly writable: string;
  readonly log: string;
  readonly socket: string;
  /** Of the daemon. */
  readonly pid: number;
}

export interface Attempt {
  readonly what: string;
  readonly words: (places: Places) => readonly (string | number)[];
  /** Suffix of the profile that it is tried under. */
  readonly grants?: string;
  readonly check: (got: Got) => void;
}

/** What comes of each attempt, or why it does not apply. */
export type Attempts = Readonly<Record<string, readonly Attempt[] | { readonly doesNotApply: string }>>;

const words =
  (...fixed: (string | number)[]) =>
  () =>
    fixed;
const refused =
  (...errnos: string[]) =>
  (got: Got) =>
    expect(errnos).toContain(got.errno);
const gives = (value: unknown) => (got: Got) => expect(got).toEqual({ ok: true, value });
const NO_WRITE = ['EROFS', 'EACCES', 'EPERM', 'ENOENT'];
const notInView = refused('ENOENT');
const doesNotApply = (reason: string): { doesNotApply: string } => ({ doesNotApply: reason });

export function attemptsOf(subject: Subject): Attempts {
  const isRoot = subject === 'a driver that runs as root';
  const written = isRoot ? gives(1) : refused('EACCES', 'EROFS');
  return {
    read: [
      { what: 'the audit log', words: ({ log }) => [log], check: notInView },
      { what: '/etc/shadow', words: words('/etc/shadow'), check: notInView },
      {
        what: 'the key of the daemon',
        words: words('/etc/ssl/private'),
        grants: 'loopback',
        check: notInView,
      },
      { what: 'memory', words: words('/proc/kcore'), check: refused('EACCES', 'EPERM', 'ENOENT') },
      { what: 'kernel messages', words: words('/proc/kmsg'), check: refused('EACCES', 'EPERM', 'ENOENT') },
      { what: 'slabs', words: words('/proc/slabinfo'), check: refused('EACCES', 'ENOENT') },
      { what: 'frames', words: words('/proc/kpageflags'), check: refused('EACCES', 'ENOENT') },
      { what: 'a device that is not granted', words: words('/dev/vda'), check: notInView },
      {
        ...{ what: 'root’s file below a granted path', grants: 'files' },
        words: ({ shared }) => [`${shared}/of-root`],
        check: isRoot ? gives('of root') : refused('EACCES'),
      },
      {
        ...{ what: 'another user’s closed file below a granted path', grants: 'files' },
        words: ({ shared }) => [`${shared}/of-another`],
        check: refused('EACCES'),
      },
    ],
    list: [
      { what: 'the root folder', words: words('/root'), check: notInView },
      { what: 'cgroups', words: words('/sys/fs/cgroup'), check: notInView },
      { what: 'sockets of services', words: words('/run/dbus'), check: notInView },
      { what: 'secrets of others', words: words('/run/secrets'), check: notInView },
    ],
    write: [
      ...['/x', '/usr/x', '/etc/passwd', '/dev/x', '/driver/x'].map((path) => ({
        ...{ what: path, words: words(path), check: refused(...NO_WRITE) },
      })),
      ...['/proc/sys/kernel/core_pattern', '/proc/sysrq-trigger', '/proc/irq/default_smp_affinity'].map(
        (path) => ({ what: path, words: words(path), check: refused(...NO_WRITE) }),
      ),
      {
        ...{ what: 'below a path granted for reading', grants: 'files' },
        words: ({ shared }) => [`${shared}/of-root`],
        check: refused(...NO_WRITE),
      },
      {
        ...{ what: 'below a path granted for writing, as its owner may', grants: 'files' },
        words: ({ writable }) => [`${writable}/new`],
        check: written,
      },
    ],
    open_for_writing: [
      { what: 'a kernel setting', words: words('/proc/sys/kernel/hostname'), check: refused(...NO_WRITE) },
      { what: 'the memory of pid 1', words: words('/proc/1/mem'), check: refused(...NO_WRITE) },
      { what: 'the user map of pid 1', words: words('/proc/1/uid_map'), check: refused(...NO_WRITE) },
      {
        ...{ what: 'a kernel setting below a granted /sys/kernel', grants: 'files' },
        words: words('/sys/kernel/mm/transparent_hugepage/enabled'),
        check: refused(...NO_WRITE),
      },
    ],
    set_mode: [
      ...[
        '/dev/null',
        '/dev/zero',
        '/dev/urandom',
        '/proc/version',
        '/proc/meminfo',
        '/proc/sys/kernel/hostname',
      ].map((path) => ({ what: path, words: words(path), check: refused('EROFS', 'EPERM') })),
      { what: '/usr/bin/env', words: words('/usr/bin/env'), check: refused('EROFS') },
      {
        ...{ what: 'below a path granted for reading', grants: 'files' },
        words: ({ shared }) => [`${shared}/of-root`],
        check: refused('EROFS'),
      },
    ],
    writable_below: [{ what: '/proc', words: words('/proc'), check: gives([]) }],
    raise_all: [{ what: 'by capset', words: words(), check: refused('EPERM') }],
    raise_ambient: [{ what: 'CAP_SYS_ADMIN', words: words(21), check: refused('EPERM') }],
    own_sets: doesNotApply('a look, tested by itself'),
    capabilities: [
      {
        ...{ what: 'each one by its use: only what was granted works', grants: 'loopback' },
        words: words(),
        check({ value }) {
          const worked = Object.entries(value as object).flatMap(([name, errno]) =>
            errno === null ? [name] : [],
          );
          // setuid(0) changes nothing for who is root already.
          expect(worked).toEqual([isRoot ? 'CAP_SETUID' : 'CAP_NET_RAW']);
        },
      },
    ],
    become_root: isRoot
      ? doesNotApply('it is root; what that is worth is what the other attempts show')
      : [{ what: 'by setuid', words: words(), check: refused('EPERM', 'EINVAL') }],
    user_namespace: [{ what: 'by unshare', words: words(), check: refused('EPERM') }],
    shell: [
      {
        ...{ what: 'its streams by name', words: words('echo out >/dev/stdout; echo err >/dev/stderr') },
        check: gives('out\nerr'),
      },
      {
        ...{ what: 'a set-uid program', grants: 'files' },
        words: ({ shared }) => [`${shared}/set-uid-id -u; grep CapEff /proc/self/status`],
        check({ value }) {
          const [uid, sets = ''] = String(value).split('\n');
          expect([uid === '0', Number.parseInt(sets.split(/\s+/)[1] ?? '', 16)]).toEqual([
            isRoot,
            isRoot ? 0 : 0x2000,
          ]);
        },
      },
    ],
    overwrite_program: [{ what: '/proc/self/exe', words: words(), check: refused(...NO_WRITE, 'ETXTBSY') }],
    overwrite_own_file: [{ what: 'its program', words: words(), check: refused(...NO_WRITE) }],
    through_link: [{ what: 'to the audit log', words: ({ log }) => ['/tmp', log], check: notInView }],
    rename_race: [{ what: 'to the audit log', words: ({ log }) => ['/tmp', log], check: gives(['2']) }],
    descriptors: [{ what: 'open ones', words: words(), check: gives([0, 1, 2]) }],
    umask: [{ what: 'as it begins', words: words(), check: gives('0o77') }],
    working_folder: [{ what: 'as it begins', words: words(), check: gives('/driver') }],
    environment: [
      {
        what: 'PATH and PWD alone',
        words: words('PATH', 'PWD'),
        check: gives({ PATH: '/usr/bin:/bin', PWD: '/driver' }),
      },
    ],
    see: [
      {
        ...{ what: 'its own processes alone', words: words() },
        check: ({ value }) => expect((value as number[]).length).toBeLessThanOrEqual(4),
      },
    ],
    signal: [{ what: 'the daemon', words: ({ pid }) => [pid], check: refused('ESRCH') }],
    open_pidfd: [{ what: 'of the daemon', words: ({ pid }) => [pid], check: refused('ESRCH') }],
    trace: [{ what: 'pid 1', words: words(1), check: refused('EPERM') }],
    read_memory: [{ what: 'pid 1', words: words(1), check: refused('EPERM') }],
    compare: [{ what: 'pid 1', words: words(1), check: refused('EPERM') }],
    steal_descriptor: [{ what: 'of pid 1', words: words(1), check: refused('EPERM') }],
    terminal: [{ what: '/dev/tty', words: words(), check: refused('ENXIO', 'ENOENT') }],
    session_keyring: [{ what: 'its own', words: words(), check: refused('EPERM') }],
    shared_segment: [{ what: 'of another launch', words: words(4711, 'open'), check: notInView }],
    shared_memory: [{ what: 'of another launch', words: words('left', 'open'), check: notInView }],
    personality: [{ what: 'ADDR_NO_RANDOMIZE', words: words(), check: gives(-1) }],
    '32_bit_entry':
      process.arch === 'x64'
        ? [{ what: 'getpid', words: words(), check: refused('EPERM') }]
        : doesNotApply('x86-64 alone has one'),
    namespaces: [
      {
        ...{ what: 'are none of the host’s, but the user namespace', words: words() },
        check: ({ value }) => expect(Object.keys(value as object)).toContain('pid'),
      },
    ],
    family: [
      ...['AF_UNIX', 'AF_INET', 'AF_NETLINK', 'AF_PACKET'].map((family) => ({
        ...{
          what: `${family} without a network`,
          words: words(family, 'SOCK_DGRAM'),
          check: refused('EPERM'),
        },
      })),
      {
        what: 'AF_PACKET',
        words: words('AF_PACKET', 'SOCK_RAW'),
        grants: 'loopback',
        check: refused('EPERM'),
      },
      {
        what: 'AF_PACKET on the host’s network',
        words: words('AF_PACKET', 'SOCK_RAW'),
        grants: 'host',
        check: refused('EPERM'),
      },
      {
        ...{
          what: 'AF_PACKET where the profile names it',
          words: words('AF_PACKET', 'SOCK_RAW'),
          grants: 'packet',
        },
        check: isRoot ? refused('EPERM') : gives('made'),
      },
    ],
    connect: [{ what: 'the daemon', words: ({ socket }) => [socket], grants: 'host', check: notInView }],
    tcp: [
      {
        what: 'another network',
        words: words('192.0.2.1', 80),
        grants: 'loopback',
        check: refused('ENETUNREACH'),
      },
    ],
    listen: [
      {
        what: 'on its own loopback',
        words: words(8080),
        grants: 'loopback',
        check: gives('connected to itself'),
      },
    ],
    pair: [{ what: 'of its own', words: words(), check: gives('x') }],
    interfaces: [{ what: 'its loopback alone', words: words(), grants: 'loopback', check: gives(['lo']) }],
    nicer: [{ what: 'nice -5', words: words(), check: refused('EPERM', 'EACCES') }],
    lower_oom_score: [{ what: '-1000', words: words(), check: refused(...NO_WRITE) }],
    raise_limit: doesNotApply('one of `capabilities`'),
    priority: [
      {
        ...{ what: 'as it begins', words: words() },
        check: ({ value }) => expect(value).toEqual({ nice: 0, oom: '500' }),
      },
    ],
    descriptors_open: [{ what: '300', words: words(300), check: refused('EMFILE') }],
    fill: [{ what: '/tmp', words: words('/tmp/big', 20), check: refused('ENOSPC') }],
    memory: doesNotApply('RLIMIT_DATA knows no user; attempts.test.ts has it'),
    spin: doesNotApply('RLIMIT_CPU knows no user; attempts.test.ts has it'),
    dump_core: doesNotApply('RLIMIT_CORE knows no user; attempts.test.ts has it'),
    shared_mapping: doesNotApply('no limit sees it without a cgroup, whoever does it'),
    linger: doesNotApply('the pid namespace is killed as a whole, whoever is in it; attempts.test.ts has it'),
    processes: isRoot
      ? doesNotApply('RLIMIT_NPROC does not count root’s processes; a cgroup does')
      : [{ what: 'more than its limit', words: words(1_000), check: refused('EAGAIN') }],
    create_and_list: doesNotApply('what stays between two calls depends on no user'),
    read_descriptor: doesNotApply('reads a secret that these profiles do not name'),
    device: doesNotApply('uses a device that these profiles do not grant'),
    print_bytes: doesNotApply('the broker counts output, whoever prints it'),
    ignored_signals: doesNotApply('a look at how it begins; attempts.test.ts has it'),
    run: doesNotApply('what `shell` is made with'),
  };
}
