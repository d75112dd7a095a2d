import { closeSync, fdatasyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { median, medians, type Row } from '../pairs.ts';
import { letThemWrite, logIn, type Measured } from './writers.ts';

const WRITERS = 64;
const RUNS = 7;
const WARM_UP_MS = 2_000;
const MEASURED_MS = 4_000;
const PLAIN_MS = 1_000;
/** What an issue asks for. */
const GOAL = 90_000;

/**
 * Records of many writers in a second, each of which waits until its own is on disk; beside the same bytes with nothing done
 * for them, one group behind the other.
 * @param logAlone leaves out what the monitor does with a message before the log has it
 */
export async function recordsPerSecond(folder: string, logAlone: boolean): Promise<Row> {
  const all: Measured[] = [];
  const peer: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    all.push(
      await letThemWrite(folder, {
        ...{ count: WRITERS, durableIntents: true, logAlone, warmUpMs: WARM_UP_MS, measuredMs: MEASURED_MS },
      }),
    );
    peer.push(plainGroups(folder));
  }
  const ours = all.map(({ records, seconds }) => records / seconds);
  const cpu = (name: 'monitorSeconds' | 'brokerSeconds'): string =>
    (median(all.map((one) => one[name] / one.records)) * 1e6).toFixed(1);
  return {
    name: `audit: durable records of ${WRITERS} writers over the pair of broker and monitor, ${logAlone ? 'the log alone' : 'as the monitor makes them of calls'}`,
    ...medians(ours, peer),
    peer_name: `write and fdatasync of the same bytes, ${WRITERS} lines at a time`,
    ...{ unit: 'records/s', aim: null, goal: GOAL, runs: RUNS },
    note:
      `CPU for a record: monitor ${cpu('monitorSeconds')} µs, broker ${cpu('brokerSeconds')} µs; ` +
      `best run ${Math.round(Math.max(...ours))}; load ${loadavg()[0]?.toFixed(1)}`,
  };
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
