import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { BARE_CHAIN, startBareChain } from './bare-chain.ts';
import type { Effort } from './effort.ts';
import { startMeasured } from './measured-daemon.ts';
import { compared, type Measurement, type Question, unmeasured } from './measurement.ts';
import { NATIVE, notSupported, PERSISTENT, PRESTARTED, PRESTARTED_SPEAKING, type Way } from './profiles.ts';
import { type Program, programs, startSpawner } from './programs.ts';
import { makeSmallRoot } from './small-root.ts';
import { openWire } from './wire.ts';

const WARM_UP = 10;
/** In which a pool is full again. What it is compared with waits as long: a processor that slept takes longer for whatever comes next. */
const PACE_MS = 25;
/** While it is kept busy first: V8 compiles what runs often, and a daemon runs for months. */
const WARM_IN_FLIGHT = 4;
const PARAMS = { text: 'x' };
const AIM_COLD = 1.8;
const AIM_PRESTARTED = 0.5;

const common = { unit: 'ms', better: 'less' } as const;

/** What an issue asks for has a name of its own; the others are named by their peer. */
function coldQuestion({ name, title }: Program): Question {
  const what = `cold one-shot call, socket to socket, beside ${title}`;
  if (name === 'bwrap') return { name: 'cold_call', what, peer_name: title, aim: AIM_COLD, ...common };
  return { name: `cold_call_beside_${name}`, what, peer_name: title, ...common };
}

/** A call of a driver that runs already, with some time before it. */
interface Paced {
  readonly question: Question;
  readonly way: Way;
  /** Of the profile, by which its methods are called. */
  readonly name: string;
  readonly profile: string;
  readonly method: string;
  /** The same call beside processes with nothing to do, which wait as long before theirs. */
  readonly besideChain?: Question;
}

const besideSpawn = { peer_name: 'a bare spawn of /bin/cat', ...common } as const;
const PACED_CALLS: readonly Paced[] = [
  {
    question: {
      ...{
        name: 'prestarted_call',
        what: 'pre-started one-shot call, the pool being full',
        aim: AIM_PRESTARTED,
      },
      ...besideSpawn,
    },
    ...{ way: 'prestart', name: 'ready', profile: PRESTARTED, method: 'ready.copy' },
  },
  {
    question: {
      name: 'prestarted_jsonrpc_call',
      // /bin/cat is started within its time; the driver here was before the call, and only answers, ends and dies in it.
      what: 'pre-started one-shot call of a native program that speaks the driver protocol and so runs before its call, the pool being full',
      ...besideSpawn,
    },
    ...{ way: 'prestart', name: 'ready', profile: PRESTARTED_SPEAKING, method: 'ready.say' },
  },
  {
    question: {
      name: 'persistent_call_paced',
      what: 'the same of a persistent driver: nothing is started, ends or is handed over',
      ...besideSpawn,
    },
    ...{ way: 'mode', name: 'echoing', profile: PERSISTENT, method: 'echoing.say' },
    besideChain: {
      name: 'persistent_call_paced_beside_chain',
      what: 'the same call, with the same pause before it',
      ...{ peer_name: BARE_CHAIN, ...common },
    },
  },
];

/** Calls that start a program of their own, in turn with what starts the same program by other means. */
export async function measureLaunching(effort: Effort): Promise<readonly Measurement[]> {
  const folder = mkdtempSync(join(tmpdir(), 'driverd-bench-root-'));
  const spawner = startSpawner();
  try {
    const all = programs(makeSmallRoot(folder));
    const rows: Measurement[] = [];
    for (const paced of PACED_CALLS) rows.push(...(await measurePaced(effort, paced, spawner.time, folder)));
    return [...rows, ...(await measureCold(effort, all, spawner.time))];
  } finally {
    spawner.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

type Time = (command: readonly string[]) => Promise<number>;

async function measureCold(
  effort: Effort,
  all: readonly Program[],
  time: Time,
): Promise<readonly Measurement[]> {
  const daemon = await startMeasured({ profiles: { native: NATIVE } });
  const wire = await openWire(daemon.socket);
  await wire.flood('native.copy', PARAMS, WARM_IN_FLIGHT, effort.warmMs);
  const ours = (): Promise<number> => wire.call('native.copy', PARAMS);
  const together = all.filter((program) => !program.isSlow && program.missing() === null);
  const times = await inTurn(
    [
      ours,
      ...together.map(
        ({ command }) =>
          () =>
            time(command),
      ),
    ],
    effort.launches,
  );
  const rows: Measurement[] = [];
  for (const program of all) {
    const question = coldQuestion(program);
    const missing = program.missing();
    if (missing !== null) rows.push(unmeasured(question, missing));
    else if (program.isSlow) {
      const [mine = [], theirs = []] = await inTurn([ours, () => time(program.command)], effort.slowLaunches);
      rows.push(compared(question, mine, theirs));
    } else rows.push(compared(question, times[0] ?? [], times[together.indexOf(program) + 1] ?? []));
  }
  wire.close();
  await daemon.stop();
  return rows;
}

async function measurePaced(
  effort: Effort,
  { question, way, name, profile, method, besideChain }: Paced,
  time: Time,
  folder: string,
): Promise<readonly Measurement[]> {
  const questions = besideChain === undefined ? [question] : [question, besideChain];
  const why = notSupported(way);
  if (why !== null) return questions.map((asked) => unmeasured(asked, why));
  const daemon = await startMeasured({ profiles: { [name]: profile } });
  const wire = await openWire(daemon.socket);
  await wire.flood(method, PARAMS, WARM_IN_FLIGHT, effort.warmMs);
  const chain = besideChain && (await startBareChain(folder));
  const works = [() => wire.call(method, PARAMS), () => time(['/bin/cat']), ...(chain ? [chain.call] : [])];
  const paced = works.map((work) => async (): Promise<number> => {
    await wait(PACE_MS);
    return work();
  });
  const [mine = [], ...theirs] = await inTurn(paced, effort.launches);
  chain?.stop();
  wire.close();
  await daemon.stop();
  return questions.map((asked, at) => compared(asked, mine, theirs[at] ?? []));
}

/** One after the other, so that what else the machine does falls on all alike. */
export async function inTurn(
  works: readonly (() => Promise<number>)[],
  runs: number,
  warmUp = WARM_UP,
): Promise<readonly (readonly number[])[]> {
  const times = works.map((): number[] => []);
  for (let run = -warmUp; run < runs; run += 1) {
    for (const [at, work] of works.entries()) {
      const took = await work();
      if (run >= 0) times[at]?.push(took);
    }
  }
  return times;
}
