import { setTimeout } from 'node:timers/promises';
import type { Agent } from './agent.ts';

const DEFAULT_TIMEOUT_MS = 120_000;
const KILLED_WITHIN_MS = 10_000;
/** Between two looks at whether a command has ended: first short, then ever longer up to this. */
const LOOK_EVERY_MS = { first: 5, longest: 250, factor: 1.5 };

const GROUPS = '/sys/fs/cgroup/system.slice/qemu-guest-agent.service/commands';

export interface RunOptions {
  /** Then the command is killed with all that it started, and `run` rejects; 120 s where it is left out. */
  readonly timeoutMs?: number;
  /** Its stdin, otherwise empty. */
  readonly input?: string;
}

export interface Result {
  /** 128 and the signal's number where a signal ended it, as a shell says it. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface ExecStatus {
  readonly exited: boolean;
  readonly exitcode?: number;
  readonly signal?: number;
  readonly 'out-data'?: string;
  readonly 'err-data'?: string;
  readonly 'out-truncated'?: boolean;
  readonly 'err-truncated'?: boolean;
}

let started = 0;

/**
 * Runs a command as the bed's root, to the end of the command and of everything that holds its stdout or stderr.
 *
 * The agent starts it, and it moves to a cgroup of its own below the agent's unit, which is delegated: `systemd-run
 * --pipe --wait` would do so too, but takes ten times as long (1.4 s on an emulated processor, where the agent alone
 * takes 0.15 s). What it leaves in the background lives on.
 *
 * @throws Error where it does not end in time, or prints more than 16 MiB
 */
export async function runCommand(
  agent: Agent,
  command: readonly string[],
  { timeoutMs = DEFAULT_TIMEOUT_MS, input }: RunOptions,
): Promise<Result> {
  const name = `${process.pid}-${++started}`;
  const { pid } = await agent.request<{ readonly pid: number }>('guest-exec', {
    path: '/usr/local/lib/driverd-bed/run',
    arg: [name, ...command],
    'capture-output': true,
    ...(input === undefined ? {} : { 'input-data': Buffer.from(input).toString('base64') }),
  });
  const ended = await waitForEnd(agent, pid, timeoutMs);
  if (ended !== null) return resultOf(command, ended);
  await agent.request('guest-exec', {
    path: '/bin/sh',
    arg: ['-c', `echo 1 > ${GROUPS}/${name}/cgroup.kill`],
  });
  const killed = await waitForEnd(agent, pid, KILLED_WITHIN_MS);
  const output = killed === null ? '' : outputOf(resultOf(command, killed));
  throw new Error(`Cannot run ${command.join(' ')}: it has not ended within ${timeoutMs} ms\n${output}`);
}

/** What both streams hold, for an error. */
export function outputOf({ stdout, stderr }: Result): string {
  return `${stdout}${stderr}`.trimEnd();
}

async function waitForEnd(agent: Agent, pid: number, withinMs: number): Promise<ExecStatus | null> {
  const until = performance.now() + withinMs;
  for (
    let wait = LOOK_EVERY_MS.first;
    ;
    wait = Math.min(wait * LOOK_EVERY_MS.factor, LOOK_EVERY_MS.longest)
  ) {
    const status = await agent.request<ExecStatus>('guest-exec-status', { pid });
    if (status.exited) return status;
    if (performance.now() > until) return null;
    await setTimeout(wait);
  }
}

function resultOf(command: readonly string[], status: ExecStatus): Result {
  if (status['out-truncated'] === true || status['err-truncated'] === true)
    throw new Error(`Cannot run ${command.join(' ')}: it printed more than the agent passes on, 16 MiB`);
  return {
    status: status.exitcode ?? 128 + (status.signal ?? 0),
    stdout: Buffer.from(status['out-data'] ?? '', 'base64').toString(),
    stderr: Buffer.from(status['err-data'] ?? '', 'base64').toString(),
  };
}
