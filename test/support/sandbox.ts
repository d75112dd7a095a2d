import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemView } from '../../src/monitor/configuration/views.ts';
import { type Containers, openContainers } from '../../src/monitor/launch/container/containers.ts';
import { startContainer } from '../../src/monitor/launch/container/start-container.ts';
import type { GateProgram } from '../../src/monitor/launch/gate.ts';
import type { SandboxPlan } from '../../src/monitor/launch/sandbox.ts';
import { type Sandbox, startSandbox } from '../../src/monitor/launch/start-sandbox.ts';
import { makePipe, openToEveryUser } from '../../src/posix/pipes.ts';
import type { SeccompFilter } from '../../src/posix/seccomp.ts';

const MEBIBYTE = 1_048_576;

/** A plan for a program in the ordinary driver's sandbox. */
export function planFor(program: GateProgram, way: SandboxPlan['way'] = 'user-namespace'): SandboxPlan {
  const root = process.geteuid?.() === 0;
  return {
    way,
    userChange: 'unshare',
    uid: root ? 79_998 : (process.geteuid?.() ?? 0),
    gid: root ? 79_998 : (process.getegid?.() ?? 0),
    groups: [],
    capabilities: [],
    coveredProcFiles: [],
    network: 'none',
    secretVariables: [],
    mounts: [...systemView(), { kind: 'empty', target: '/tmp', bytes: MEBIBYTE, mode: '1777' }],
    workdir: '/tmp',
    environment: new Map([['PATH', '/usr/bin:/bin']]),
    limits: {
      openFiles: 64,
      fileBytes: MEBIBYTE,
      cpuSeconds: 30,
      dataBytes: 1024 * MEBIBYTE,
      addressSpaceBytes: null,
      processes: 64,
      oomScore: 500,
    },
    program,
  };
}

export const direct = (...argv: string[]): GateProgram => ({ mode: 'direct', environmentNames: [], argv });

/** Starts a program in a sandbox, or in a container, with its stdout in a pipe; `output` settles with what it printed. */
export function startProgram(
  plan: SandboxPlan,
  filter: SeccompFilter,
): { readonly sandbox: Sandbox; output(): string } {
  const stdout = makePipe();
  openToEveryUser(stdout.write);
  const sandbox = plan.way === 'runc' ? inContainer() : inSandbox();
  stdout.write.close();
  return {
    sandbox,
    output() {
      const text = readFileSync(stdout.read.number, 'utf8');
      stdout.read.close();
      return text;
    },
  };

  function inSandbox(): Sandbox {
    return startSandbox(plan, filter, {
      standard: ['ignore', stdout.write.number, stdout.write.number],
      further: [],
    });
  }

  function inContainer(): Sandbox {
    const stdin = makePipe();
    try {
      const standard = [stdin.read.number, stdout.write.number, stdout.write.number] as const;
      return startContainer(testContainers(), plan, filter, { standard, further: [] });
    } finally {
      stdin.read.close();
      stdin.write.close();
    }
  }
}

let containers: Containers | undefined;

/** One folder for the containers of a test file; each removes its own part of it. */
function testContainers(): Containers {
  containers ??= openContainers(mkdtempSync(join(tmpdir(), 'driverd-containers-')), (why) => {
    throw new Error(why);
  });
  return containers;
}

/** Runs a program to its end; returns its exit status and output. */
export async function runProgram(
  plan: SandboxPlan,
  filter: SeccompFilter,
): Promise<{ status: number; output: string }> {
  const { sandbox, output } = startProgram(plan, filter);
  await sandbox.ready;
  sandbox.go();
  const status = await sandbox.ended;
  return { status, output: output() };
}
