import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Effort } from './effort.ts';
import { inTurn } from './launching.ts';
import { manyDrivers, manyPolicies, withPersistent } from './many.ts';
import { type MeasuredDaemon, type MeasuredOptions, makeMeasuredFolder, startOn } from './measured-daemon.ts';
import { compared, type Measurement, type Question } from './measurement.ts';
import { connectMany } from './memory.ts';
import { NATIVE, notSupported } from './profiles.ts';
import { startOnce } from './start.ts';
import { openWire } from './wire.ts';

const AIM = 1.25;
const FEW_DRIVERS = 10;
const DRIVERS = 100;
const POLICIES = 1_000;
const CONNECTIONS = 2_000;
const PARAMS = { text: 'x' };
/** Behind the name of a row that is about starts, which no call waits for. */
const STARTS = '_start';

/** One thing that there may be little or much of. */
interface Range {
  readonly name: string;
  readonly little: string;
  readonly much: string;
  readonly options: readonly [MeasuredOptions, MeasuredOptions];
  /** Audit records before the start, with much. */
  readonly records?: number;
  /** Connections that say nothing, with much. */
  readonly connections?: number;
}

function ranges(effort: Effort): readonly Range[] {
  const one: MeasuredOptions = { profiles: { native: NATIVE } };
  return [
    {
      ...{ name: 'drivers', little: `${FEW_DRIVERS} drivers`, much: `${DRIVERS} drivers` },
      options: [manyDrivers(FEW_DRIVERS), manyDrivers(DRIVERS)],
    },
    {
      ...{ name: 'policies', little: '1 policy', much: `${POLICIES} policies` },
      options: [one, { ...one, policies: manyPolicies(POLICIES) }],
    },
    {
      ...{ name: 'records', little: 'an empty audit log', much: `${effort.records} audit records` },
      ...{ options: [one, one], records: effort.records },
    },
    {
      ...{ name: 'connections', little: '1 connection', much: `${CONNECTIONS} connections` },
      ...{ options: [one, one], connections: CONNECTIONS },
    },
  ];
}

/** Latency with little and with much of a thing, in turn in the same run; the worst of all stands in a row of its own. */
export async function measureGrowth(effort: Effort): Promise<readonly Measurement[]> {
  const rows: Measurement[] = [];
  for (const range of ranges(effort)) rows.push(...(await measureRange(range, effort)));
  const worst = rows
    .filter(({ name }) => !name.endsWith(STARTS))
    .reduce((one, other) => ((one.ratio ?? 0) >= (other.ratio ?? 0) ? one : other));
  const what = 'latency with much of a thing beside little of it: the worst of the rows below';
  return [{ ...worst, name: 'growth_worst', what, aim: AIM, note: worst.what }, ...rows];
}

async function measureRange(range: Range, effort: Effort): Promise<readonly Measurement[]> {
  const canStay = notSupported('mode') === null;
  const [little, much] = range.options.map((options) => makeMeasuredFolder(withPersistent(options, canStay)));
  if (little === undefined || much === undefined) throw new Error('Cannot measure: a range has two ends');
  if (range.records !== undefined) await fillLog(much, range.records);
  const daemons = [await startOn(little), await startOn(much)] as const;
  const idle: readonly Socket[] = await connectMany(daemons[1].socket, range.connections ?? 0);
  const rows = [await measureCalls(range, 'cold', 'native.copy', daemons, effort.launches)];
  if (canStay) rows.push(await measureCalls(range, 'persistent', 'echoing.say', daemons, effort.calls));
  for (const connection of idle) connection.destroy();
  for (const daemon of daemons) await daemon.stop();
  if (range.records !== undefined) rows.push(await measureStarts(range, little, much, effort));
  for (const folder of [little, much]) rmSync(folder, { recursive: true, force: true });
  return rows;
}

async function measureCalls(
  range: Range,
  kind: 'cold' | 'persistent',
  method: string,
  daemons: readonly [MeasuredDaemon, MeasuredDaemon],
  runs: number,
): Promise<Measurement> {
  const [few, many] = [await openWire(daemons[0].socket), await openWire(daemons[1].socket)];
  const works = [() => many.call(method, PARAMS), () => few.call(method, PARAMS)];
  const [ours = [], peer = []] = await inTurn(works, runs);
  for (const wire of [few, many]) wire.close();
  return compared(growthQuestion(range, `growth_${range.name}_${kind}`, `${kind} call`), ours, peer);
}

/** Both have been started before. */
async function measureStarts(
  range: Range,
  little: string,
  much: string,
  effort: Effort,
): Promise<Measurement> {
  const works = [() => startOnce(much), () => startOnce(little)];
  const [ours = [], peer = []] = await inTurn(works, effort.starts, 0);
  return compared(growthQuestion(range, `growth_${range.name}${STARTS}`, 'start to first reply'), ours, peer);
}

function growthQuestion({ little, much }: Range, name: string, what: string): Question {
  return { name, what: `${what} with ${much}`, peer_name: `with ${little}`, unit: 'ms', better: 'less' };
}

/** Behind a first start, which makes the keys that a log is held to. */
async function fillLog(folder: string, records: number): Promise<void> {
  const daemon = await startOn(folder);
  await daemon.stop();
  const program = fileURLToPath(new URL('fill-log.ts', import.meta.url));
  execFileSync(process.execPath, [program, folder, String(records)], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}
