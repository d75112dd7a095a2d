import { Socket } from 'node:net';
import type { Descriptor } from '../../posix/descriptor.ts';
import { makeStreamPair } from '../../posix/pipes.ts';
import { type StartedProcess, startProcess } from '../../posix/start-process.ts';
import { BUBBLEWRAP } from './bubblewrap.ts';
import { guardWords } from './root-guard.ts';
import type { SandboxPlan } from './sandbox.ts';
import { userChangeWords } from './user-change.ts';

export interface SandboxStdio {
  /** Raw descriptors, which stay the caller's to close. */
  readonly standard: readonly [number | 'ignore', number | 'ignore', number | 'ignore'];
  /** What stands from descriptor 4 on in the program; `pipe`: a stream socket. */
  readonly further: readonly (number | 'pipe')[];
}

/** What holds a sandbox from outside, and what this process speaks with it by. */
export interface Launcher {
  readonly process: StartedProcess;
  readonly gate: Socket;
  /** This side of each `pipe` in `further`, in order. */
  readonly pipes: readonly Socket[];
}

/**
 * Starts a program with the gate's channel as descriptor 3.
 * @param words the program's path and its arguments
 * @param files descriptors behind those of `stdio`; they stay the caller's to close
 * @throws PosixError where this process lacks descriptors or processes; then nothing is left
 */
export function startLauncher(
  words: readonly [string, ...string[]],
  { standard, further }: SandboxStdio,
  files: readonly number[] = [],
): Launcher {
  const ours: Descriptor[] = [];
  const theirs: Descriptor[] = [];
  function pair(): { readonly own: Descriptor; readonly number: number } {
    const [own, other] = makeStreamPair();
    ours.push(own);
    theirs.push(other);
    return { own, number: other.number };
  }
  try {
    const gate = pair();
    const others = further.map((end) => (end === 'pipe' ? pair() : { own: null, number: end }));
    const numbers = [gate, ...others].map(({ number }) => number);
    const started = startProcess(words, [...standard, ...numbers, ...files]);
    const pipes = others.flatMap(({ own }) => (own === null ? [] : [socketOf(own)]));
    return { process: started, gate: socketOf(gate.own), pipes };
  } catch (error) {
    for (const own of ours) own.close();
    throw error;
  } finally {
    for (const other of theirs) other.close();
  }
}

function socketOf(end: Descriptor): Socket {
  return new Socket({ fd: end.release(), readable: true, writable: true });
}

/** bubblewrap's path, behind what becomes it: the target user, or a guard where root's files are in reach. */
export function launcherWords(plan: SandboxPlan): [string, ...string[]] {
  if (plan.way === 'user-namespace' && process.getuid?.() === 0)
    return [...userChangeWords(plan.userChange, plan), BUBBLEWRAP];
  const [program = BUBBLEWRAP, ...words] = [...guardWords(plan), BUBBLEWRAP];
  return [program, ...words];
}
