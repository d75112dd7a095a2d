import type { LaunchRefusal } from '../../boundary/launch-words.ts';
import { markOf } from '../configuration/file-mark.ts';
import type { DriverPlan } from '../configuration/plan.ts';
import { markOfPlan } from '../configuration/pool-plan.ts';
import type { Launch, Launches } from './launches.ts';
import type { ServedCall } from './purpose.ts';

/** How often what serves many calls is looked at: its files, its age, its memory; in milliseconds. */
const LOOKED_AT_EVERY_MS = 1_000;

/** Persistent launches that end their last calls, for each that may take new ones. */
const REPLACED_FACTOR = 2;

/** What an intent may say of a launch that was started before it. */
export type Use =
  | { readonly kind: 'used'; readonly launch: Launch }
  /** It has ended, or may serve no more; a broker that is told of it late says so in good faith. */
  | { readonly kind: 'gone' }
  /** No broker of ours says this. */
  | { readonly kind: 'untrue'; readonly why: string };

/** Launches that were started before their calls: of pools, each for one call, and persistent ones, each for many. */
export interface PooledLaunches {
  /**
   * Starts one, as any other launch, if its profile has a pool and that is not full. Settles with the launch, or with
   * why there is none; rejects as `Launches.start` does.
   * @param stale called once, when a persistent one may serve no further call
   */
  start(plan: DriverPlan, stale: (launch: Launch) => void): Promise<Launch | LaunchRefusal>;
  /**
   * Gives a call to one: of a pool its only one.
   * @param plan of the call's own profile, in the configuration that the call has
   */
  use(number: number, call: ServedCall, plan: DriverPlan | undefined): Use;
  /** Those that the new plans would start otherwise serve no further call; unused ones end. */
  keepOnly(plans: ReadonlyMap<string, DriverPlan>): void;
  /** None serves a further call; unused ones end. */
  retireAll(): void;
}

interface Entry {
  readonly launch: Launch;
  readonly marks: string;
  readonly startedAt: number;
  readonly stale: (launch: Launch) => void;
  uses: number;
  isStale: boolean;
}

/** @param isWanted whether one that was started with this plan may serve a call of now */
export function createPooledLaunches(
  launches: Launches,
  isWanted: (plan: DriverPlan) => boolean,
): PooledLaunches {
  const entries = new Map<number, Entry>();
  /** Of each profile those that are on their way. */
  const starting = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;

  /** Those that count against the profile's number: unused ones of a pool; persistent ones until they are replaced. */
  function countOf(profile: string): number {
    let count = starting.get(profile) ?? 0;
    for (const { launch, isStale } of entries.values())
      if (launch.profile === profile && launch.served === null && !isStale) count += 1;
    return count;
  }

  /** Replaced persistent ones end their calls; a broker that keeps them gets no more of them. */
  function replacedOf(profile: string): number {
    return [...entries.values()].filter(({ launch, isStale }) => isStale && launch.profile === profile)
      .length;
  }

  function retire(entry: Entry): void {
    const { launch } = entry;
    if (entry.isStale || launch.served !== null) return;
    entry.isStale = true;
    if (launch.purpose.kind === 'persistent') entry.stale(launch);
    if (entry.uses === 0) return launches.end(launch.number, 'retired');
    // The calls that it has may end; longer than one call may last it does not live.
    setTimeout(() => launches.end(launch.number, 'retired'), launch.plan.wallMs).unref();
  }

  function look(): void {
    let persistent = 0;
    for (const entry of entries.values()) {
      const { launch, marks, startedAt } = entry;
      const { pool } = launch.plan;
      if (pool?.kind !== 'persistent') continue;
      persistent += 1;
      const isOld = performance.now() - startedAt >= pool.ageMs;
      if (isOld || marks !== marksOf(launch.plan) || isTooLarge(launch, pool.memoryBytes)) retire(entry);
    }
    if (persistent > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  return {
    async start(plan, stale) {
      const { pool, name } = plan;
      if (pool === null) return 'not-pooled';
      if (countOf(name) >= pool.max || replacedOf(name) >= REPLACED_FACTOR * pool.max) return 'pool-full';
      starting.set(name, (starting.get(name) ?? 0) + 1);
      // Before it starts: what changes meanwhile it may not have.
      const marks = marksOf(plan);
      let launch: Launch | LaunchRefusal;
      try {
        const kind = pool.kind === 'persistent' ? 'persistent' : 'pool';
        launch = await launches.start({ plan, purpose: { kind } });
      } finally {
        const left = (starting.get(name) ?? 1) - 1;
        if (left === 0) starting.delete(name);
        else starting.set(name, left);
      }
      if (typeof launch === 'string') return launch;
      const { number } = launch;
      const entry = { launch, marks, stale, startedAt: performance.now(), uses: 0, isStale: false };
      entries.set(number, entry);
      void launch.ended.then(() => entries.delete(number));
      if (pool.kind === 'persistent') timer ??= setInterval(look, LOOKED_AT_EVERY_MS).unref();
      if (!isWanted(plan)) retire(entry);
      return launch;
    },
    use(number, call, plan) {
      if (number > launches.last) return untrue('never was');
      const entry = entries.get(number);
      if (entry === undefined) return { kind: 'gone' };
      const { launch, marks } = entry;
      if (launch.served !== null) return untrue('serves another call');
      if (plan === undefined || plan.name !== launch.profile) return untrue('is of another profile');
      if (entry.isStale) return { kind: 'gone' };
      const isOneShot = launch.purpose.kind === 'pool';
      // A launch of this very moment would be of other files, or held otherwise. A persistent one is of what runs now, or stale:
      // a call that began before a reload is answered by the process that there is.
      if (isOneShot && (marks !== marksOf(launch.plan) || markOfPlan(plan) !== markOfPlan(launch.plan))) {
        retire(entry);
        return { kind: 'gone' };
      }
      if (isOneShot) launch.serve(call);
      entry.uses += 1;
      const { pool } = launch.plan;
      if (pool?.kind === 'persistent' && entry.uses >= pool.calls) retire(entry);
      return { kind: 'used', launch };
    },
    keepOnly(plans) {
      for (const entry of entries.values()) {
        const plan = plans.get(entry.launch.profile);
        if (plan === undefined || markOfPlan(plan) !== markOfPlan(entry.launch.plan)) retire(entry);
      }
    },
    retireAll() {
      for (const entry of entries.values()) retire(entry);
    },
  };
}

function untrue(what: string): Use {
  return { kind: 'untrue', why: `it gave a call to a launch that ${what}` };
}

/** What a launch is made of and each launch reads anew: the program, and files with secrets. */
function marksOf({ programFile, secrets }: DriverPlan): string {
  return [programFile, ...secrets.flatMap(({ file }) => file ?? [])].map(markOf).join('\n');
}

function isTooLarge(launch: Launch, most: number | null): boolean {
  return most !== null && (launch.heldBytes() ?? 0) > most;
}
