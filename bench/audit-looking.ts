import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from '../scripts/development-folder.ts';
import { type LargeLog, makeLargeLog } from './large-log.ts';
import { type Comparison, compare, type Row } from './pairs.ts';

const RECORDS = 1_000_000;
const SEGMENTS = 10;
const RUNS = 5;
const WARM_UP = 1;

/** Milliseconds that a program takes from its start to its end. */
async function run(program: string, words: readonly string[], wanted: string): Promise<number> {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: 'utf8', maxBuffer: 1e8 });
  const took = performance.now() - started;
  if (status !== 0 || !stdout.includes(wanted)) throw new Error(`Cannot measure ${program}: ${stderr}`);
  return took;
}

function driverctl(log: LargeLog, words: readonly string[], wanted: string): Promise<number> {
  const main = join(ROOT, 'dist/driverctl/main.js');
  return run(process.execPath, [main, 'audit', ...words, '--json', '--log', log.path], wanted);
}

function zgrep(log: LargeLog, option: '-hF' | '-hcF', pattern: string, wanted: string): Promise<number> {
  return run('zgrep', [option, pattern, ...globSync(join(dirname(log.path), 'audit*'))], wanted);
}

/** Looking among a million records, from the start of the program on, beside zgrep on the same files. */
export async function benchAuditLooking(): Promise<readonly Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'driverd-bench-'));
  try {
    const log = makeLargeLog(folder, RECORDS, SEGMENTS);
    const { requestId } = log;
    const size = `a million records of ${Math.round(log.bytesPerRecord)} bytes, half compressed`;
    const findId = () => zgrep(log, '-hF', requestId, requestId);
    const rows: readonly Pick<Comparison, 'name' | 'peer_name' | 'ours' | 'peer'>[] = [
      {
        ...{ name: `audit search --request, ${size}`, peer_name: 'zgrep -F' },
        ours: () => driverctl(log, ['search', '--request', requestId], requestId),
        peer: findId,
      },
      {
        ...{ name: `audit show, ${size}`, peer_name: 'zgrep -F' },
        ours: () => driverctl(log, ['show', requestId], requestId),
        peer: findId,
      },
      {
        ...{ name: `audit stats, ${size}`, peer_name: 'zgrep -cF' },
        ours: () => driverctl(log, ['stats'], '"calls":250000'),
        peer: () => zgrep(log, '-hcF', '"event":"call-end"', '\n'),
      },
    ];
    const measured: Row[] = [];
    for (const row of rows) measured.push(await compare({ ...row, aim: null }, RUNS, WARM_UP));
    return measured;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
