import { checked, libc, PosixError } from './libc.ts';

const O_RDWR = 2;
/** Of waitid(2). */
const P_PID = 1;
const WNOHANG = 1;
const WEXITED = 4;
const WNOWAIT = 0x0100_0000;
const SIGINFO_BYTES = 128;
/** Of spawn.h. */
const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;
const POSIX_SPAWN_SETSID = 0x80;
/** The C library's structures on 64 bits, with room to spare: of 80, 336 and 128 bytes. */
const ACTIONS_BYTES = 128;
const ATTRIBUTES_BYTES = 512;
const SIGNAL_SET_BYTES = 128;
const NO_ENVIRONMENT: readonly (string | null)[] = [null];

const initActions = libc.func('int posix_spawn_file_actions_init(void *)');
const destroyActions = libc.func('int posix_spawn_file_actions_destroy(void *)');
const addDup2 = libc.func('int posix_spawn_file_actions_adddup2(void *, int, int)');
const addOpen = libc.func(
  'int posix_spawn_file_actions_addopen(void *, int, const char *, int, unsigned int)',
);
const addClose = libc.func('int posix_spawn_file_actions_addclose(void *, int)');
const addChdir = libc.func('int posix_spawn_file_actions_addchdir_np(void *, const char *)');
const initAttributes = libc.func('int posix_spawnattr_init(void *)');
const setFlags = libc.func('int posix_spawnattr_setflags(void *, short)');
const setDefaultSignals = libc.func('int posix_spawnattr_setsigdefault(void *, void *)');
const spawn = libc.func(
  'int posix_spawn(_Out_ int *, const char *, void *, void *, const char **, const char **)',
);
const askForEnd = libc.func('int waitid(int, unsigned int, void *, int)');
const waitForProcess = libc.func('int waitpid(int, _Out_ int *, int)');

/** How a process ended. */
export interface ProcessEnd {
  /** As a shell has it: 128 + n where a signal n ended it. */
  readonly status: number;
  readonly wasKilled: boolean;
}

export interface StartedProcess {
  /** Its own until `ended` settles. */
  readonly pid: number;
  /** By then all of its process group has been killed. */
  readonly ended: Promise<ProcessEnd>;
  /** SIGKILL to its process group. Nothing once it has ended: its number may then be another's. */
  killGroup(): void;
}

interface Running {
  readonly pid: number;
  readonly resolve: (end: ProcessEnd) => void;
}

const running = new Set<Running>();
let attributes: Buffer | undefined;

/**
 * Starts a program by posix_spawn(3), which lends the new process this one's memory until it is another program: fork(2), and so
 * Node's spawn, copies the page tables of this process first, a millisecond and more in which nothing else is done here.
 *
 * It has a session of its own, no environment, `/` as its folder, every signal as at the start of a system, and no descriptor but
 * those that are given. Its user is this process's.
 *
 * @param words the program's path and its arguments
 * @param descriptors what it has as 0, 1, 2 and so on; the numbers stay the caller's to close. `ignore`: /dev/null
 * @throws PosixError where it cannot be started (EAGAIN, ENOMEM, ENOENT, EMFILE), Error for a word with a NUL
 */
export function startProcess(
  words: readonly [string, ...string[]],
  descriptors: readonly (number | 'ignore')[],
): StartedProcess {
  const [program] = words;
  if (words.some((word) => word.includes('\0')))
    throw new Error(`Cannot start ${program}: a word of it holds a NUL`);
  // Before the first of them can end: a signal that nobody listens for is gone.
  attributes ??= listenAndMakeAttributes();
  const actions = Buffer.alloc(ACTIONS_BYTES);
  const pid: (number | null)[] = [null];
  succeeded('make file actions', initActions(actions));
  try {
    addDescriptors(actions, descriptors);
    succeeded('name a folder', addChdir(actions, '/'));
    succeeded(`start ${program}`, spawn(pid, program, actions, attributes, [...words, null], NO_ENVIRONMENT));
  } finally {
    destroyActions(actions);
  }
  const [started] = pid;
  if (typeof started !== 'number') throw new Error(`Cannot start ${program}: libc gave no number`);
  const { promise: ended, resolve } = Promise.withResolvers<ProcessEnd>();
  const entry = { pid: started, resolve };
  running.add(entry);
  return {
    ...{ pid: started, ended },
    killGroup() {
      if (running.has(entry)) killGroupOf(started);
    },
  };
}

/**
 * Each descriptor in its place, without those that are close-on-exec here. One that stands where another is to be is moved away
 * first: the actions are carried out in their order.
 */
function addDescriptors(actions: Buffer, descriptors: readonly (number | 'ignore')[]): void {
  const count = descriptors.length;
  const taken = new Set(descriptors);
  const moved = new Map<number, number>();
  let free = count;
  for (const [place, number] of descriptors.entries()) {
    if (number === 'ignore' || number >= count || number === place || moved.has(number)) continue;
    while (taken.has(free)) free += 1;
    moved.set(number, free);
    succeeded('move a descriptor', addDup2(actions, number, free));
    free += 1;
  }
  for (const [place, number] of descriptors.entries()) {
    if (number === 'ignore') succeeded('open /dev/null', addOpen(actions, place, '/dev/null', O_RDWR, 0));
    // Of the same number it takes away close-on-exec (posix_spawn_file_actions_adddup2(3p)).
    else
      succeeded(
        'place a descriptor',
        addDup2(actions, number === place ? place : (moved.get(number) ?? number), place),
      );
  }
  for (const number of moved.values()) succeeded('close a descriptor', addClose(actions, number));
}

/** They are the same for every program: an ignored signal would stay ignored (execve(2)), and Node ignores SIGPIPE. */
function listenAndMakeAttributes(): Buffer {
  process.on('SIGCHLD', reap);
  const made = Buffer.alloc(ATTRIBUTES_BYTES);
  // sigfillset(3) leaves out the two that the C library keeps for itself, which it would hand down ignored.
  const all = Buffer.alloc(SIGNAL_SET_BYTES, 0xff);
  succeeded('make spawn attributes', initAttributes(made));
  succeeded('set the default signals', setDefaultSignals(made, all));
  // The mask of new attributes is empty.
  const flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID;
  succeeded('set the spawn flags', setFlags(made, flags));
  return made;
}

/**
 * One signal may stand for several ends, so each is asked for; those of Node's own children are left to it. What is left of the
 * group is killed while the number is still its own, which waitpid(2) ends.
 */
function reap(): void {
  for (const entry of running) {
    if (!hasEnded(entry.pid)) continue;
    killGroupOf(entry.pid);
    const status: (number | null)[] = [null];
    checked('wait for a process', waitForProcess(entry.pid, status, WNOHANG));
    running.delete(entry);
    entry.resolve(endOf(status[0] ?? 0));
  }
}

function hasEnded(pid: number): boolean {
  const info = Buffer.alloc(SIGINFO_BYTES);
  checked('ask for the end of a process', askForEnd(P_PID, pid, info, WEXITED | WNOHANG | WNOWAIT));
  // si_signo, which stays 0 where there is nothing to tell of.
  return info.readInt32LE(0) !== 0;
}

function killGroupOf(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    // EPERM: all that is left of it is another user's, a program that became root's, say.
    if (!(error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'EPERM')))
      throw error;
  }
}

/** As <bits/waitstatus.h> has it: a signal in the low seven bits, or an exit status above them. */
function endOf(status: number): ProcessEnd {
  const signal = status & 0x7f;
  return signal === 0
    ? { status: (status >> 8) & 0xff, wasKilled: false }
    : { status: 128 + signal, wasKilled: true };
}

/** These functions return the error's number instead of setting errno. */
function succeeded(call: string, error: number): void {
  if (error !== 0) throw new PosixError(call, error);
}
