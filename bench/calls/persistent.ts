import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BARE_CHAIN, startBareChain } from './bare-chain.ts';
import { echoServerMissing, startEchoServer } from './echo-servers.ts';
import type { Effort } from './effort.ts';
import { inTurn } from './launching.ts';
import { startMeasured } from './measured-daemon.ts';
import {
  alone,
  compared,
  type Measurement,
  type Question,
  quantile,
  row,
  unmeasured,
} from './measurement.ts';
import { notSupported, PERSISTENT } from './profiles.ts';
import { openWire, type Wire } from './wire.ts';

const PARAMS = { text: 'x' };
const AIM_64 = 0.18;
const AIM_EXTRA_US = 220;
const MICROSECONDS = 1_000;
/** What one call leaves in the log, about. */
const SYNCED_BYTES = 1_200;
/** While it is warmed up. */
const WARM_IN_FLIGHT = 64;
const DURABILITIES = ['outcome', 'none'] as const;
type Durability = (typeof DURABILITIES)[number];

const ending = (durability: Durability): string => (durability === 'none' ? '_not_durable' : '');
const logged = (durability: Durability): string =>
  durability === 'none' ? 'audit durability none' : 'durable audit';

function floodQuestion(inFlight: number, durability: Durability): Question {
  return {
    name: `persistent_${inFlight}${ending(durability)}`,
    what: `calls of a persistent driver, ${inFlight} in flight, ${logged(durability)}`,
    ...{ peer_name: 'jayson’s bare echo', unit: 'calls/s', better: 'more' },
    ...(inFlight === 64 && durability === 'outcome' ? { aim: AIM_64 } : {}),
  };
}

const oneQuestion = (durability: Durability): Question => ({
  name: `persistent_1${ending(durability)}`,
  what: `a call of a persistent driver, 1 in flight, ${logged(durability)}`,
  ...{ peer_name: 'json-rpc-2.0’s bare echo', unit: 'µs', better: 'less' },
});

const EXTRA: Question = {
  name: 'persistent_1_extra_us',
  what: 'the same with durable audit, less the peer',
  ...{ peer_name: 'json-rpc-2.0’s bare echo + one fdatasync', unit: 'µs', better: 'less' },
  ...{ judged: 'ours', aim: AIM_EXTRA_US },
};

const CHAIN: Question = {
  name: 'persistent_1_beside_chain',
  what: 'a call of a persistent driver, 1 in flight, durable audit',
  ...{ peer_name: BARE_CHAIN, unit: 'µs', better: 'less' },
};

const questions: readonly Question[] = [
  EXTRA,
  CHAIN,
  ...DURABILITIES.flatMap((durability) => [
    oneQuestion(durability),
    floodQuestion(64, durability),
    floodQuestion(256, durability),
  ]),
];

/** Calls that share a process, beside servers that check nothing. */
export async function measurePersistent(effort: Effort): Promise<readonly Measurement[]> {
  const why = notSupported('mode') ?? echoServerMissing('jayson') ?? echoServerMissing('json-rpc-2.0');
  if (why !== null) return questions.map((question) => unmeasured(question, why));
  const folder = mkdtempSync(join(tmpdir(), 'driverd-bench-echo-'));
  const servers = [await startEchoServer('jayson', folder), await startEchoServer('json-rpc-2.0', folder)];
  const [jayson, bare] = [await openWire(servers[0]?.socket ?? ''), await openWire(servers[1]?.socket ?? '')];
  const rows: Measurement[] = [];
  for (const durability of DURABILITIES) {
    const daemon = await startMeasured({ profiles: { echoing: PERSISTENT }, durability });
    const ours = await openWire(daemon.socket);
    await ours.flood('echoing.say', PARAMS, WARM_IN_FLIGHT, effort.warmMs);
    for (const peer of [jayson, bare]) await peer.flood('say', PARAMS, WARM_IN_FLIGHT, effort.warmMs);
    rows.push(...(await measureOne(effort, durability, ours, bare, folder)));
    for (const inFlight of [64, 256]) {
      const question = floodQuestion(inFlight, durability);
      rows.push(await measureFlood(question, effort, { ours, jayson, inFlight }));
    }
    ours.close();
    await daemon.stop();
  }
  for (const server of servers) server.stop();
  rmSync(folder, { recursive: true, force: true });
  return rows;
}

async function measureOne(
  effort: Effort,
  durability: Durability,
  ours: Wire,
  bare: Wire,
  folder: string,
): Promise<readonly Measurement[]> {
  await using file = await open(join(folder, 'synced'), 'a');
  const sync = async (): Promise<number> => {
    await file.write(Buffer.alloc(SYNCED_BYTES, 'x'));
    const started = performance.now();
    await file.datasync();
    return performance.now() - started;
  };
  const echo = (): Promise<number> => bare.call('say', PARAMS);
  const inMicroseconds = async (call: () => Promise<number>) =>
    (await inTurn([call, echo, sync], effort.calls)).map((list) => list.map((ms) => ms * MICROSECONDS));
  const [mine = [], echoed = [], synced = []] = await inMicroseconds(() => ours.call('echoing.say', PARAMS));
  const rows = [compared(oneQuestion(durability), mine, echoed)];
  if (durability === 'none') return rows;
  const chain = await startBareChain(folder);
  const [chained = []] = await inMicroseconds(chain.call);
  chain.stop();
  const floor = quantile(echoed, 0.5) + quantile(synced, 0.5);
  const extra = row(EXTRA, {
    ...alone(EXTRA, mine),
    ...{ ours: quantile(mine, 0.5) - floor, ours_p99: null, peer: floor },
  });
  return [extra, compared(CHAIN, mine, chained), ...rows];
}

/** Turns of each, one after the other; the median turn of each is compared. */
async function measureFlood(
  question: Question,
  effort: Effort,
  { ours, jayson, inFlight }: { readonly ours: Wire; readonly jayson: Wire; readonly inFlight: number },
): Promise<Measurement> {
  const [mine, theirs]: [number[], number[]] = [[], []];
  let runs = 0;
  const slowest: number[] = [];
  for (let turn = 0; turn < effort.turns; turn += 1) {
    const flood = await ours.flood('echoing.say', PARAMS, inFlight, effort.turnMs);
    const other = await jayson.flood('say', PARAMS, inFlight, effort.turnMs);
    mine.push(flood.perSecond);
    theirs.push(other.perSecond);
    runs += flood.times.length;
    slowest.push(quantile(flood.times, 0.99));
  }
  const p99 = quantile(slowest, 0.5).toFixed(1);
  return row(
    { ...question, note: `${effort.turns} turns of ${effort.turnMs} ms; 99 of 100 calls within ${p99} ms` },
    { ours: quantile(mine, 0.5), ours_p99: null, peer: quantile(theirs, 0.5), peer_p99: null, runs },
  );
}
