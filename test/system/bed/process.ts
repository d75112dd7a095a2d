import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

/** How much of a failed program's output an error repeats. */
const TAIL_LINES = 40;

/** Words before a command that end it when this process ends, however it ends: kill -9 of vitest leaves no machine. */
export const endingWithUs: readonly string[] = ['setpriv', '--pdeathsig', 'KILL'];

/**
 * The same for a command that starts others or mounts: with its first process the kernel ends all that are in its
 * process namespace, and with the last of them the mounts of its mount namespace are gone.
 */
export const endingWithUsWhole: readonly string[] = [
  ...endingWithUs,
  ...['unshare', '--mount', '--pid', '--fork', '--kill-child=KILL', '--mount-proc'],
];

export interface Running {
  readonly child: ChildProcess;
  /** Settles with the sentence "ended with …" once it has ended. */
  readonly ended: Promise<string>;
  /** The last lines of what it printed. */
  output(): string;
}

/** Starts a program with its output in a file. */
export function start(command: readonly string[], logFile: string, environment = {}): Running {
  const [program = '', ...words] = command;
  const log = openSync(logFile, 'a');
  const child = spawn(program, words, {
    stdio: ['ignore', log, log],
    env: {
      ...process.env,
      // root's programs, where this was started by a shell without them
      PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`,
      LC_ALL: 'C.UTF-8',
      ...environment,
    },
  });
  closeSync(log);
  const ended = new Promise<string>((resolve) => {
    child.once('error', ({ message }) => resolve(`ended with ${message}`));
    child.once('exit', (status, signal) => resolve(`ended with ${signal ?? `status ${status}`}`));
  });
  return { child, ended, output: () => tail(logFile) };
}

/**
 * Runs a program to its end.
 *
 * @throws Error with the last lines of its output where it fails
 */
export async function finish(command: readonly string[], logFile: string): Promise<void> {
  const running = start(command, logFile);
  const how = await running.ended;
  if (how !== 'ended with status 0')
    throw new Error(`Cannot make a test bed: ${command.join(' ')} ${how}\n${running.output()}`);
}

function tail(path: string): string {
  return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
}
