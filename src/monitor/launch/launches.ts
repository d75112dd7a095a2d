import type { LaunchEnd, LaunchRefusal } from '../../boundary/launch-words.ts';
import type { Isolation } from '../../boundary/messages.ts';
import type { Descriptor } from '../../posix/descriptor.ts';
import { markOf } from '../configuration/file-mark.ts';
import type { DriverPlan } from '../configuration/plan.ts';
import type { LaunchUsage } from './cgroup-usage.ts';
import type { Cgroups } from './cgroups.ts';
import type { Containers } from './container/containers.ts';
import type { Filters } from './filters.ts';
import { type AliveLaunch, endGently } from './gentle-end.ts';
import { describeIsolation, differences } from './isolation.ts';
import type { Ended } from './launch-facts.ts';
import { limitDifferences } from './process-limits.ts';
import { residentBytes } from './process-status.ts';
import { endOfLife, longestLife, type Purpose, type ServedCall } from './purpose.ts';
import { unguarded } from './root-guard.ts';
import { type DriverSecrets, readSecrets } from './secrets.ts';
import { spawnLaunch } from './spawn-launch.ts';
import { type Sandbox, TIDIED_AFTER_MS } from './start-sandbox.ts';
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
  readonly purpose: Purpose;
  /** The one call that it serves; null: of a pool, and none yet, or one of many. */
  readonly served: ServedCall | null;
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
  /** Gives one of a pool its one call, whose time limit begins now. */
  serve(call: ServedCall): void;
  /** Memory that it holds, in bytes; null: it has ended. */
  heldBytes(): number | null;
  /** Opens a gate that stayed shut until its call was recorded; nothing where it is open. */
  open(): void;
}

export interface LaunchRequest {
  readonly purpose: Purpose;
  readonly plan: DriverPlan;
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
  /** Has the ends of all dead ones on their way to the log, which else comes `TIDIED_AFTER_MS` later. */
  settleDead(): void;
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
  /** What is to be done about dead ones whose end is not on its way to the log yet. */
  const dead: (() => void)[] = [];
  /** Dead ones whose notes are still there. */
  let noted = 0;
  function settleDead(): void {
    for (const settle of dead.splice(0)) settle();
  }

  function isEmpty(): boolean {
    return alive.size === 0 && noted === 0;
  }

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
    const filter = filters.of(plan.filter);
    const { sandbox, cgroup, brokerEnds } = spawnLaunch({
      ...{ plan, number, filter, secrets },
      cgroups,
      containers,
    });
    const entry: AliveLaunch = {
      ...{ profile: plan.name, sandbox, end: 'exit', graceMs: plan.graceMs, graceTimer: undefined },
    };
    alive.set(number, entry);
    let forget: () => void = () => undefined;
    let started: Launch | undefined;
    let openedAt: number | null = null;
    let servedAt: number | null = null;
    let served: ServedCall | null = request.purpose.kind === 'call' ? request.purpose : null;
    let wallTimer: NodeJS.Timeout | undefined;
    let processesTimer: NodeJS.Timeout | undefined;
    let usage: LaunchUsage | null = null;
    void sandbox.ended.then((status) => {
      clearTimeout(wallTimer);
      clearTimeout(entry.graceTimer);
      clearInterval(processesTimer);
      alive.delete(number);
      if (entry.end === 'exit' && status !== 0) {
        const exceeded = cgroup?.exceeded() ?? null;
        if (exceeded !== null) entry.end = LIMIT_ENDS[exceeded];
      }
      const diedAt = performance.now();
      // Once the broker is told, and while it makes its call's outcome, which takes this along.
      setImmediate(readUsage);
      dead.push(() => settle(status, diedAt));
      noted += 1;
      setTimeout(tidy, TIDIED_AFTER_MS);
    });
    function readUsage(): void {
      usage ??= cgroup?.usage() ?? null;
    }
    function tidy(): void {
      settleDead();
      try {
        forget();
      } catch (error) {
        // A disk that became read-only: a note that stays is harmless, since the sweep compares start times.
        events.failed(plan.name, error instanceof Error ? error.message : 'its note could not be removed');
      }
      noted -= 1;
      if (isEmpty()) for (const settle of emptied.splice(0)) settle();
    }
    function settle(status: number, diedAt: number): void {
      readUsage();
      if (started !== undefined) {
        events.ended(started, {
          ...{ end: entry.end, status, usage },
          startMicroseconds: openedAt === null ? null : microseconds(askedAt, openedAt),
          ranMicroseconds: openedAt === null ? null : microseconds(servedAt ?? openedAt, diedAt),
        });
      }
    }
    function open(): void {
      if (openedAt !== null || !alive.has(number)) return;
      openedAt = performance.now();
      if (plan.cgroup.processes !== null)
        processesTimer = setInterval(() => {
          if (cgroup?.exceeded() === 'processes') end(number, LIMIT_ENDS.processes);
        }, PROCESSES_LOOKED_AT_EVERY_MS);
      sandbox.go(secrets?.variables);
    }
    function serve(call: ServedCall): void {
      served = call;
      servedAt = performance.now();
      clearTimeout(wallTimer);
      wallTimer = setTimeout(end, plan.wallMs, number, 'wall-limit');
    }
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
    const { purpose } = request;
    const ended = sandbox.ended.then((status) => ({ end: entry.end, status }));
    const launch: Launch = {
      number,
      profile: plan.name,
      ...{ purpose, plan, isolation, brokerEnds, ended, serve, open },
      get served() {
        return served;
      },
      heldBytes: () => cgroup?.heldBytes() ?? residentBytes(ready.gatePid),
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
    wallTimer = setTimeout(end, longestLife(purpose, plan), number, endOfLife(purpose));
    // What serves one call and does nothing but wait for its arguments may wait for them at its gate. The others get their "go"
    // when their streams are on their way: the broker takes longer to write into them than the gate to open.
    if (purpose.kind !== 'pool' || plan.sandbox.program.mode === 'direct') process.nextTick(open);
    return launch;
  }

  return {
    ...{ start, end, settleDead },
    terminate,
    endAll(why) {
      for (const number of [...alive.keys()]) end(number, why);
    },
    whenEmpty() {
      if (isEmpty()) return Promise.resolve();
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
