import { type Agent, connectAgent } from './agent.ts';
import { outputOf, type Result, type RunOptions, runCommand } from './commands.ts';
import { startContainer } from './container.ts';
import { layOut } from './lay-out.ts';
import { makeMachineDisk, startMachine } from './machine.ts';
import { checkPrerequisites } from './prerequisites.ts';
import { openRunFolder } from './run-folder.ts';
import { type BootingBed, waitForBoot } from './wait-for-boot.ts';

/** A booted bed answers at once, unless another process is connected. */
const ANSWERS_WITHIN_MS = 60_000;

/** A container that shares the host's kernel, or a virtual machine with its own. */
export type BedKind = 'nspawn' | 'machine';
export const bedKinds: readonly BedKind[] = ['nspawn', 'machine'];

/** A booted Debian with driverd installed in it and the built checkout in /srv/driverd. */
export interface Bed {
  readonly kind: BedKind;
  /**
   * Runs a program there as root (no shell unless asked) to its end, see `runCommand`.
   *
   * @throws Error where it does not end in time
   */
  run(command: readonly string[], options?: RunOptions): Promise<Result>;
  /**
   * Runs a script with `sh -c`; resolves with its stdout.
   *
   * @throws Error with all its output where the status is not 0
   */
  sh(script: string, options?: RunOptions): Promise<string>;
  read(path: string): Promise<string>;
  /** @param mode 0644 where it is left out */
  write(path: string, content: string, mode?: number): Promise<void>;
  stop(): Promise<void>;
}

/** Beds that boot together, from one root. */
export interface StartedBeds {
  /** Where the agent of each listens: one client at a time, of any process. */
  readonly sockets: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Boots a bed of a test's own, for what a shared one would not survive. */
export async function startBed(kind: BedKind): Promise<Bed> {
  const { sockets, stop } = await startBeds([kind]);
  return bedAt(kind, sockets[kind] ?? '', stop);
}

export async function startBeds(kinds: readonly BedKind[]): Promise<StartedBeds> {
  checkPrerequisites();
  const run = await openRunFolder();
  const started: BootingBed[] = [];
  const stop = async (): Promise<void> => {
    for (const { running } of started) running.child.kill('SIGKILL');
    await Promise.all(started.map(({ running }) => running.ended));
    await run.remove();
  };
  try {
    await layOut(run.path);
    // The container first: it needs no disk to be made.
    if (kinds.includes('nspawn')) started.push(startContainer(run));
    if (kinds.includes('machine')) {
      await makeMachineDisk(run);
      started.push(startMachine(run));
    }
    await Promise.all(started.map(waitForBoot));
  } catch (error) {
    await stop();
    throw error;
  }
  return { sockets: Object.fromEntries(started.map(({ kind, socket }) => [kind, socket])), stop };
}

/** A bed that runs already; connects with the first command. */
export function bedAt(kind: BedKind, socket: string, stop: () => Promise<void>): Bed {
  const run = async (command: readonly string[], options: RunOptions = {}): Promise<Result> =>
    runCommand(await agentAt(socket), command, options);
  const runWell = async (command: readonly string[], options: RunOptions = {}): Promise<string> => {
    const result = await run(command, options);
    if (result.status === 0) return result.stdout;
    throw new Error(
      `Cannot run ${command.join(' ')}: it ended with status ${result.status}\n${outputOf(result)}`,
    );
  };
  return {
    kind,
    run,
    sh: (script, options) => runWell(['sh', '-c', script], options),
    read: (path) => runWell(['cat', '--', path]),
    async write(path, content, mode = 0o644) {
      const script = 'cat > "$1" && chmod "$2" "$1"';
      await runWell(['sh', '-c', script, 'sh', path, mode.toString(8)], { input: content });
    },
    async stop() {
      (await agents.get(socket))?.close();
      agents.delete(socket);
      await stop();
    },
  };
}

/** An agent hears one client at a time: all beds of this process at one socket share one connection. */
const agents = new Map<string, Promise<Agent>>();

async function agentAt(socket: string): Promise<Agent> {
  const known = await agents.get(socket)?.catch(() => undefined);
  if (known?.isOpen()) return known;
  const until = performance.now() + ANSWERS_WITHIN_MS;
  const agent = connectAgent(socket, () => performance.now() < until);
  agents.set(socket, agent);
  return agent;
}
