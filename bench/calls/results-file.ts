import { readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus, loadavg, release, totalmem } from 'node:os';
import type { Effort } from './effort.ts';
import type { Measurement } from './measurement.ts';

const path = new URL('../results.json', import.meta.url);
const GIBIBYTE = 1_073_741_824;

/** bench/results.json: one run as a whole. */
export interface Results {
  /** The day of the run, UTC. */
  readonly date: string;
  readonly command: string;
  readonly machine: {
    readonly processor: string;
    readonly processors: number;
    readonly memory_gib: number;
    /** How busy it was with other things when the run began: processes that wanted a processor (getloadavg(3)). */
    readonly load_before: number;
    readonly arch: string;
    readonly kernel: string;
    readonly node: string;
    readonly user: 'root' | 'an ordinary user';
  };
  readonly rows: readonly Measurement[];
}

export function readResults(): Results {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** @param loadBefore as `loadNow` gave it before the run */
export function writeResults(effort: Effort, rows: readonly Measurement[], loadBefore: number): void {
  const results: Results = {
    date: new Date().toISOString().slice(0, 10),
    command: effort.isQuick ? 'npm run bench -- --quick' : 'npm run bench',
    machine: {
      ...{ processor: cpus()[0]?.model ?? 'unknown', processors: cpus().length },
      ...{ memory_gib: Math.round(totalmem() / GIBIBYTE), load_before: loadBefore },
      ...{ arch: arch(), kernel: release() },
      ...{ node: process.version, user: process.geteuid?.() === 0 ? 'root' : 'an ordinary user' },
    },
    rows,
  };
  writeFileSync(path, `${JSON.stringify(results, null, 2)}\n`);
}

export const loadNow = (): number => Math.round((loadavg()[0] ?? 0) * 10) / 10;
