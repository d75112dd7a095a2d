import { closeSync, fdatasyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { median, medians, type Row } from '../pairs.ts';
import { letThemWrite, logIn, type Measured, type Writers } from './writers.ts';

const WRITERS = 64;
const RUNS = 7;
const WARM_UP_MS = 2_000;
const MEASURED_MS = 4_000;
const PLAIN_MS = 1_000;
/** What an issue asks for. */
const GOAL = 90_000;

type Through = Exclude<Writers['through'], 'least'>;
const NAMES: Readonly<Record<Through, string>> = {
  calls: 'as the monitor makes them of calls',
  log: 'the log alone',
};

/**
 * Records of many writers in a second, each of which waits until its own is on disk. Beside, in the same run: the same bytes
 * with nothing done for them, one group behind the other; and the same messages through the least that a log can do.
 */
export async function recordsPerSecond(folder: string, through: Through): Promise<readonly Row[]> {
  const all: Measured[] = [];
  const least: number[] = [];
  const plain: number[] = [];
  const write = (of: Writers['through']): Promise<Measured> =>
    letThemWrite(folder, {
      ...{ count: WRITERS, durableIntents: true, through: of },
      ...{ warmUpMs: WARM_UP_MS, measuredMs: MEASURED_MS },
    });
  for (let run = 0; run < RUNS; run += 1) {
    all.push(await write(through));
    least.push(perSecond(await write('least')));
    plain.push(plainGroups(folder));
  }
  const ours = all.map(perSecond);
  const cpu = (name: 'monitorSeconds' | 'brokerSeconds'): string =>
    (median(all.map((one) => one[name] / one.records)) * 1e6).toFixed(1);
  const row = {
    name: `audit: durable records of ${WRITERS} writers over the pair of broker and monitor, ${NAMES[through]}`,
    ...{ unit: 'records/s' as const, aim: null, runs: RUNS },
  };
  return [
    {
      ...{ ...row, ...medians(ours, plain), goal: GOAL },
      peer_name: `write and fdatasync of the same bytes, ${WRITERS} lines at a time`,
      note:
        `CPU for a record: monitor ${cpu('monitorSeconds')} µs, broker ${cpu('brokerSeconds')} µs; ` +
        `best run ${Math.round(Math.max(...ours))}; load ${loadavg()[0]?.toFixed(1)}`,
    },
    { ...row, ...medians(ours, least), peer_name: 'the least that a log can do with the same messages' },
  ];
}

function perSecond({ records, seconds }: Measured): number {
  return records / seconds;
}

/** Lines in a second. */
function plainGroups(folder: string): number {
  const lines = readFileSync(logIn(folder), 'utf8').trimEnd().split('\n').slice(-WRITERS);
  const group = Buffer.from(`${lines.join('\n')}\n`);
  const path = join(folder, 'plain');
  const file = openSync(path, 'ax');
  try {
    let groups = 0;
    const began = performance.now();
    while (performance.now() - began < PLAIN_MS) {
      writeSync(file, group);
      fdatasyncSync(file);
      groups += 1;
    }
    return (groups * lines.length) / ((performance.now() - began) / 1000);
  } finally {
    closeSync(file);
    rmSync(path);
  }
}
