import type { Isolation, LaunchEnd, LaunchRefusal } from '../../boundary/messages.ts';
import type { Descriptor } from '../../posix/descriptor.ts';
import { reopenMemoryFile } from '../../posix/memory-file.ts';
import { makePipe, openToEveryUser, type Pipe } from '../../posix/pipes.ts';
import { markOf } from '../configuration/file-mark.ts';
import type { DriverPlan } from '../configuration/plan.ts';
import type { LaunchUsage } from './cgroup-usage.ts';
import type { Cgroups, LaunchCgroup } from './cgroups.ts';
import type { Containers } from './container/containers.ts';
import { startContainer } from './container/start-container.ts';
import type { Filters } from './filters.ts';
import { type AliveLaunch, endGently } from './gentle-end.ts';
import { describeIsolation, differences } from './isolation.ts';
import { limitDifferences } from './process-limits.ts';
import { unguarded } from './root-guard.ts';
import { type DriverSecrets, readSecrets } from './secrets.ts';
import { type Sandbox, startSandbox } from './start-sandbox.ts';
import type { LaunchNotes } from './sweep.ts';

/** Longest wait for killed drivers to be dead at a stop, in milliseconds; what outlives it the next start sweeps. */
const DEATH_WITHIN_MS = 5_000;

/** How often a running launch is asked whether it met its limit of processes, which a fork bomb survives, in milliseconds. */
const PROCESSES_LOOKED_AT_EVERY_MS = 500;
/** The end of a launch that met a limit of its cgroup. */
const LIMIT_ENDS = { memory: 'memory-limit', processes: 'process-limit' } as const;

/** One start of a driver process. */
export interface Launch {
  readonly number: number;
  readonly profile: string;
  readonly call: number;
  readonly session: number;
  readonly plan: DriverPlan;
  /** Whether its program file is another than the one that was loaded. */
  readonly programChanged: boolean;
  /** Microseconds from the request to the gate's "ready", with all that was read back by then. */
  readonly readyMicroseconds: number;
  readonly isolation: Isolation;
  readonly secrets: DriverSecrets['values'];
  /** The broker's ends of stdin, stdout and stderr, until it has taken them. */
  readonly brokerEnds: readonly [Descriptor, Descriptor, Descriptor];
  /** Settles when its sandbox is dead. */
  readonly ended: Promise<{ readonly end: LaunchEnd; readonly status: number }>;
}

export interface LaunchRequest {
  readonly call: number;
  readonly session: number;
  readonly plan: DriverPlan;
}

/** What came of a launch. */
export interface Ended {
  readonly end: LaunchEnd;
  readonly status: number;
  /** Microseconds from the request to "go"; null: its gate stayed shut, so the driver did nothing. */
  readonly startMicroseconds: number | null;
  /** Microseconds from "go" to the death of all its processes; null likewise. */
  readonly ranMicroseconds: number | null;
  /** null: it had no cgroup. */
  readonly usage: LaunchUsage | null;
}

export interface LaunchEvents {
  /** Writes the launch record; the gate opens only when it is written. Rejects where it cannot be. */
  record(launch: Launch): Promise<unknown>;
  /** Why its gate stays shut: there is no recorded intent that it belongs to, or driverd was paused meanwhile. */
  heldBack(launch: Launch): Promise<LaunchRefusal | null>;
  ended(launch: Launch, how: Ended): void;
  /** Why a launch failed, for the operational log. */
  failed(profile: string, why: string): void;
}

export interface Launches {
  /**
   * Starts a driver up to its first instruction. Settles with the launch, or with why there is none; rejects where
   * this process lacks descriptors or memory.
   */
  start(request: LaunchRequest): Promise<Launch | LaunchRefusal>;
  /**
   * SIGTERM to one's driver; after its profile's grace it is killed, whoever asked. An unknown number is none that lives.
   */
  terminate(number: number): void;
  /** Kills one; likewise. */
  end(number: number, why: LaunchEnd): void;
  endAll(why: LaunchEnd): void;
  /** Settles when none is alive; at the latest after `DEATH_WITHIN_MS`, since a process may wait in the kernel. */
  whenEmpty(): Promise<void>;
  readonly alive: number;
  /** The highest number given so far. */
  readonly last: number;
}

export interface LaunchMeans {
  readonly filters: Filters;
  readonly notes: LaunchNotes;
  /** null: this host has no cgroup v2 tree that this process may write. */
  readonly cgroups: Cgroups | null;
  readonly containers: Containers;
}

export function createLaunches(
  { filters, notes, cgroups, containers }: LaunchMeans,
  events: LaunchEvents,
): Launches {
  const alive = new Map<number, AliveLaunch>();
  const emptied: (() => void)[] = [];
  let last = 0;

  function end(number: number, why: LaunchEnd): void {
    const launch = alive.get(number);
    if (launch === undefined) return;
    if (launch.end === 'exit') launch.end = why;
    launch.sandbox.kill();
  }

  function terminate(number: number): void {
    const launch = alive.get(number);
    if (launch !== undefined) endGently(launch, (why) => events.failed(launch.profile, why));
  }

  async function start(request: LaunchRequest): Promise<Launch | LaunchRefusal> {
    const askedAt = performance.now();
    const { plan } = request;
    const secrets = readSecrets(plan.secrets, (why) => events.failed(plan.name, why));
    if (secrets === null) return 'secret-missing';
    last += 1;
    const number = last;
    const opened: Descriptor[] = [];
    const filter = filters.of(plan.filter);
    function pipe(): Pipe {
      const made = makePipe();
      opened.push(made.read, made.write);
      return made;
    }
    let cgroup: LaunchCgroup | null = null;
    let sandbox: Sandbox;
    let brokerEnds: Launch['brokerEnds'];
    try {
      const [stdin, stdout, stderr] = [pipe(), pipe(), pipe()];
      const passed = secrets.descriptors.map(reopenMemoryFile);
      opened.push(...passed);
      const driverEnds = [stdin.read, stdout.write, stderr.write] as const;
      brokerEnds = [stdin.write, stdout.read, stderr.read];
      driverEnds.forEach(openToEveryUser);
      const stdio = {
        standard: [stdin.read.number, stdout.write.number, stderr.write.number],
        further: passed.map((descriptor) => descriptor.number),
      } as const;
      // In a container pids.max waits for "ready": until then runc's own threads are in it.
      const inContainer = plan.sandbox.way === 'runc';
      cgroup =
        cgroups?.create(number, inContainer ? { ...plan.cgroup, processes: null } : plan.cgroup) ?? null;
      sandbox = inContainer
        ? startContainer(containers, plan.sandbox, filter, stdio, secrets.files, cgroup)
        : startSandbox(plan.sandbox, filter, stdio, secrets.files, cgroup);
    } catch (error) {
      for (const descriptor of opened) descriptor.close();
      throw error;
    } finally {
      secrets.close();
    }
    for (const descriptor of opened) if (!brokerEnds.includes(descriptor)) descriptor.close();
    const entry: AliveLaunch = {
      ...{ profile: plan.name, sandbox, end: 'exit', graceMs: plan.graceMs, graceTimer: undefined },
    };
    alive.set(number, entry);
    let forget: () => void = () => undefined;
    let started: Launch | undefined;
    let openedAt: number | null = null;
    let wallTimer: NodeJS.Timeout | undefined;
    let processesTimer: NodeJS.Timeout | undefined;
    void sandbox.ended.then((status) => {
      clearTimeout(wallTimer);
      clearTimeout(entry.graceTimer);
      clearInterval(processesTimer);
      alive.delete(number);
      const exceeded = cgroup?.exceeded() ?? null;
      if (entry.end === 'exit' && status !== 0 && exceeded !== null) entry.end = LIMIT_ENDS[exceeded];
      try {
        forget();
      } catch (error) {
        // A disk that became read-only: a note that stays is harmless, since the sweep compares start times.
        events.failed(plan.name, error instanceof Error ? error.message : 'its note could not be removed');
      }
      if (started !== undefined) {
        events.ended(started, {
          ...{ end: entry.end, status, usage: cgroup?.usage() ?? null },
          startMicroseconds: openedAt === null ? null : microseconds(askedAt, openedAt),
          ranMicroseconds: openedAt === null ? null : microseconds(openedAt, performance.now()),
        });
      }
      if (alive.size === 0) for (const settle of emptied.splice(0)) settle();
    });
    function refuse(reason: LaunchRefusal): LaunchRefusal {
      for (const descriptor of brokerEnds) descriptor.close();
      sandbox.kill();
      return reason;
    }

    let ready: Awaited<Sandbox['ready']>;
    let writable: readonly string[];
    try {
      ready = await sandbox.ready;
      writable = unguarded(plan.sandbox, ready.gatePid);
      forget = notes.note(ready.firstPid);
      if (plan.sandbox.way === 'runc') cgroup?.limitProcesses(plan.cgroup.processes);
    } catch (error) {
      events.failed(
        plan.name,
        error instanceof Error ? error.message : 'its first process could not be noted',
      );
      return refuse('sandbox-failed');
    }
    const differing = [
      ...differences(plan.sandbox, ready.status),
      ...limitDifferences(plan.sandbox.limits, ready.limits),
      ...writable.map((path) => `${path} is writable`),
    ];
    if (cgroups !== null && !ready.inCgroup) differing.push('cgroup');
    if (differing.length > 0) {
      events.failed(plan.name, `its isolation differs: ${differing.join(', ')}`);
      return refuse('isolation-differs');
    }
    const isolation = describeIsolation(plan, ready.status, filter, ready.inCgroup);
    const { call, session } = request;
    const ended = sandbox.ended.then((status) => ({ end: entry.end, status }));
    const launch: Launch = {
      number,
      profile: plan.name,
      ...{ call, session, plan, isolation, brokerEnds, ended },
      programChanged: markOf(plan.programFile) !== plan.programMark,
      readyMicroseconds: microseconds(askedAt, performance.now()),
      secrets: secrets.values,
    };
    started = launch;
    try {
      const [why] = await Promise.all([events.heldBack(launch), events.record(launch)]);
      if (why !== null) return refuse(why);
    } catch (error) {
      events.failed(plan.name, error instanceof Error ? error.message : 'its record could not be written');
      return refuse('audit-unavailable');
    }
    if (entry.end !== 'exit' || !alive.has(number)) return refuse('sandbox-failed');
    wallTimer = setTimeout(end, plan.wallMs, number, 'wall-limit');
    if (plan.cgroup.processes !== null)
      processesTimer = setInterval(() => {
        if (cgroup?.exceeded() === 'processes') end(number, LIMIT_ENDS.processes);
      }, PROCESSES_LOOKED_AT_EVERY_MS);
    openedAt = performance.now();
    sandbox.go(secrets.variables);
    return launch;
  }

  return {
    start,
    end,
    terminate,
    endAll(why) {
      for (const number of [...alive.keys()]) end(number, why);
    },
    whenEmpty() {
      if (alive.size === 0) return Promise.resolve();
      return new Promise((settle) => {
        emptied.push(settle);
        setTimeout(settle, DEATH_WITHIN_MS).unref();
      });
    },
    get alive() {
      return alive.size;
    },
    get last() {
      return last;
    },
  };
}

/** Between two readings of performance.now(). */
function microseconds(from: number, to: number): number {
  return Math.round((to - from) * 1000);
}
