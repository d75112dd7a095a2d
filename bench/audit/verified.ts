import { execFileSync } from 'node:child_process';
import { globSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from '../../scripts/development-folder.ts';
import { medians, type Row } from '../pairs.ts';
import { logIn, stateIn } from './writers.ts';

const RUNS = 5;
const MEBIBYTE = 1_048_576;
/** What an issue asks for. */
const GOAL = 200_000;

/** Records that `audit verify` proves in a second, from the start of the program on; beside sha256sum of the same files. */
export async function verifiedPerSecond(folder: string): Promise<Row> {
  const log = logIn(folder);
  const files = globSync(join(dirname(log), 'audit*.jsonl'));
  const bytes = files.reduce((sum, path) => sum + statSync(path).size, 0);
  const verify = [
    ...[join(ROOT, 'dist/driverctl/main.js'), 'audit', 'verify', '--json'],
    ...['--log', log, '--state', stateIn(folder)],
  ];
  const { records } = JSON.parse(execFileSync(process.execPath, verify, { encoding: 'utf8' }));
  const ours: number[] = [];
  const peer: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    ours.push(records / seconds(process.execPath, verify));
    peer.push(records / seconds('sha256sum', files));
  }
  return {
    name: `audit verify of ${records} sealed records, ${Math.round(bytes / MEBIBYTE)} MiB`,
    ...medians(ours, peer),
    peer_name: 'sha256sum of the same files',
    ...{ unit: 'records/s', aim: null, goal: GOAL, runs: RUNS },
  };
}

function seconds(program: string, words: readonly string[]): number {
  const began = performance.now();
  execFileSync(program, words, { stdio: ['ignore', 'ignore', 'inherit'] });
  return (performance.now() - began) / 1000;
}
