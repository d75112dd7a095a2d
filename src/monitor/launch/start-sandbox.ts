import type { Socket } from 'node:net';
import type { Descriptor } from '../../posix/descriptor.ts';
import { reopenMemoryFile } from '../../posix/memory-file.ts';
import { killByPidfd } from '../../posix/pidfd.ts';
import type { SeccompFilter } from '../../posix/seccomp.ts';
import type { LaunchCgroup } from './cgroups.ts';
import { type FirstProcess, findFirstProcess } from './first-process.ts';
import { GATE_DESCRIPTOR, GATE_GO, GATE_READY } from './gate.ts';
import { keepNamespaces } from './kept-namespaces.ts';
import { type Launcher, launcherWords, type SandboxStdio, startLauncher } from './launcher.ts';
import { type KernelLimits, readProcessLimits } from './process-limits.ts';
import { type ProcessStatus, readProcessStatus } from './process-status.ts';
import { type DataFile, type SandboxPlan, sandboxArguments, writtenFiles } from './sandbox.ts';
import { type RunningSandbox, terminateProgram } from './terminate-program.ts';
import { isDeadSoon, whenDead } from './wait-for-death.ts';

const COLON = Buffer.from(':');
const LINE_FEED = Buffer.from('\n');
/** Longest wait for the gate's "ready", in milliseconds. */
const READY_WITHIN_MS = 20_000;
/**
 * How long after the death of a launch what nobody waits for is done, in milliseconds: taking apart what it was in, on the
 * processors that its reply needs before.
 */
export const TIDIED_AFTER_MS = 5;

export interface ReadySandbox {
  /** The sandbox's pid 1, as this host numbers it: when it ends, so does every process inside. */
  readonly firstPid: number;
  readonly gatePid: number;
  readonly status: ProcessStatus;
  /** The gate's. */
  readonly limits: KernelLimits;
  /** Whether its processes are in the cgroup that was given. */
  readonly inCgroup: boolean;
}

export interface Sandbox {
  /** Settles when the gate says "ready", with what the kernel says of it; rejects if it ends or fails before. */
  readonly ready: Promise<ReadySandbox>;
  /** This side of each `pipe` in `further`, in order. */
  readonly pipes: readonly Socket[];
  /**
   * Opens the gate. Only after `ready`.
   * @param values of the plan's `secretVariables`, in their order, none with a line feed
   */
  go(values?: readonly Uint8Array[]): void;
  /** Kills everything in it; may be called at any time and often. */
  kill(): void;
  /** SIGTERM to the program, which may take its time; before "ready" it kills. */
  terminate(): void;
  /**
   * Settles when every process is dead, with the program's exit status (128 + n: signal n, as a shell has it). Its cgroup is
   * removed `TIDIED_AFTER_MS` later.
   */
  readonly ended: Promise<number>;
}

/**
 * Starts bubblewrap with a plan, up to the gate. It is given raw descriptors, so that no byte of the program's standard
 * streams is read here.
 * @param cgroup that its processes are put in
 * @param contents files made inside from memory files; each is reopened, so that it can be used again
 * @throws Error where this process lacks descriptors or processes
 */
export function startSandbox(
  plan: SandboxPlan,
  filter: SeccompFilter,
  stdio: SandboxStdio,
  contents: readonly DataFile[] = [],
  cgroup: LaunchCgroup | null = null,
): Sandbox {
  const firstFree = GATE_DESCRIPTOR + 1 + stdio.further.length;
  const files: Descriptor[] = [];
  let launcher: Launcher;
  try {
    for (const file of [filter.file, ...writtenFiles(plan, contents).map(({ content }) => content)])
      files.push(reopenMemoryFile(file));
    const words = [...launcherWords(plan), ...sandboxArguments(plan, firstFree, contents)] as const;
    launcher = startLauncher(
      words,
      stdio,
      files.map((file) => file.number),
    );
  } catch (error) {
    cgroup?.remove();
    throw error;
  } finally {
    for (const file of files) file.close();
  }
  return superviseSandbox(launcher, cgroup, { moved: cgroup?.addMeanwhile(launcher.process.pid) });
}

/** One that has ended already needs no cgroup; whether the rest is in it is asked at "ready". */
function moveInto(cgroup: LaunchCgroup | null, pid: number): void {
  try {
    cgroup?.add(pid);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** What a launcher needs besides, to be held as bubblewrap is. */
export interface Supervision {
  /** Settles when the launcher is in its cgroup; "ready" counts only then. */
  readonly moved?: Promise<void> | undefined;
  /** Looks at the first process and the gate, both as this host numbers them, before "ready" counts. May throw. */
  atReady?(first: number, gate: number): void;
  /**
   * What comes after the death of all processes, before it counts as ended.
   * @param wasKilled whether a signal ended the launcher
   */
  afterDeath?(wasKilled: boolean): Promise<void>;
  /** What the launcher said, if it ended before it was ready. */
  why?(): string | null;
}

/** Holds what was started. */
export function superviseSandbox(
  { process: launcher, gate, pipes }: Launcher,
  cgroup: LaunchCgroup | null,
  { moved, atReady, afterDeath, why }: Supervision = {},
): Sandbox {
  let firstPid: Descriptor | undefined;
  let letNamespacesGo = (): void => undefined;
  let running: Omit<RunningSandbox, 'first'> | undefined;

  function kill(): void {
    // First the sandbox's pid 1: its namespace dies with it, whatever the program did to its own process group.
    if (firstPid !== undefined) killByPidfd(firstPid.number);
    launcher.killGroup();
    cgroup?.kill();
  }

  const ended = new Promise<number>((resolve) => {
    async function settle(status: number, wasKilled: boolean): Promise<void> {
      await afterDeath?.(wasKilled);
      resolve(status);
      setTimeout(() => {
        gate.destroy();
        letNamespacesGo();
        cgroup?.kill();
        cgroup?.remove();
      }, TIDIED_AFTER_MS);
    }
    void launcher.ended.then(({ status, wasKilled }) => {
      // With its pid 1 all of a process namespace is dead (pid_namespaces(7)).
      if (!isDeadSoon(firstPid)) kill();
      whenDead(firstPid, () => {
        firstPid?.close();
        firstPid = undefined;
        void settle(status, wasKilled);
      });
    });
  });

  const ready = new Promise<ReadySandbox>((resolve, reject) => {
    const timer = setTimeout(() => fail('it did not become ready in time'), READY_WITHIN_MS);
    let heard = '';
    let isReady = false;
    let settled = false;
    function fail(why: string): void {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      kill();
      reject(new Error(`Cannot start a sandbox: ${why}`));
    }
    function failAs(error: unknown): void {
      fail(error instanceof Error ? error.message : 'its processes could not be read');
    }
    void launcher.ended.then(({ status }) => {
      const said = why?.() ?? null;
      fail(`it ended before it was ready (${status})${said === null ? '' : `: ${said}`}`);
    });
    function readBack(found: FirstProcess): void {
      if (settled) return;
      try {
        atReady?.(found.pid, found.gatePid);
        const status = readProcessStatus(found.gatePid);
        // The launcher was moved while it started: what it had started by then is still outside.
        if (cgroup?.holds(found.gatePid) === false)
          for (const pid of [launcher.pid, found.pid, found.gatePid]) moveInto(cgroup, pid);
        const inCgroup = cgroup?.holds(found.gatePid) === true && cgroup.holds(found.pid);
        const limits = readProcessLimits(found.gatePid);
        settled = true;
        clearTimeout(timer);
        resolve({ firstPid: found.pid, gatePid: found.gatePid, status, limits, inCgroup });
      } catch (error) {
        failAs(error);
      }
    }
    moved?.catch(failAs);
    gate.on('error', (error) => fail(error.message));
    gate.on('data', (chunk: Buffer) => {
      // What comes later is no word of the gate's.
      if (settled || isReady) return;
      heard += chunk.toString('latin1');
      if (heard.length > GATE_READY.length || !GATE_READY.startsWith(heard))
        return fail('its gate said something else');
      if (heard !== GATE_READY) return;
      isReady = true;
      try {
        const found = findFirstProcess(launcher.pid);
        firstPid = found.pidfd;
        letNamespacesGo = keepNamespaces(found.pid);
        running = { firstPid: found.pid, gatePid: found.gatePid };
        if (moved === undefined) readBack(found);
        else void moved.then(() => readBack(found), failAs);
      } catch (error) {
        failAs(error);
      }
    });
  });
  // Whoever starts a sandbox may look at `ready` later than it fails.
  ready.catch(() => undefined);

  const lines = (values: readonly Uint8Array[]): Uint8Array =>
    Buffer.concat([Buffer.from(GATE_GO), ...values.flatMap((value) => [COLON, value, LINE_FEED])]);
  return {
    ready,
    pipes,
    kill,
    terminate() {
      if (firstPid === undefined || running === undefined) kill();
      else terminateProgram({ ...running, first: firstPid.number });
    },
    ended,
    // Then nobody listens any more: a first process that keeps its end open could write to the monitor for ever.
    go: (values = []) => void gate.end(lines(values), () => gate.destroy()),
  };
}
