import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createScrubber, type Scrubber } from '../../src/broker/scrub/scrubber.ts';
import { medians, type Row } from '../pairs.ts';
import { chunksOf, knownValues, logText } from './texts.ts';

const RUNS = 7;
const WARM_UP = 2;
const MEGABYTE = 1_000_000;
const LOG_BYTES = 20 * MEGABYTE;
const LINE_BYTES = 10 * MEGABYTE;
const RESULT_BYTES = MEGABYTE;
/** What an issue asks, in MB/s. */
const LOG_GOAL = 60;
const LINE_GOAL = 25;

interface Race {
  readonly name: string;
  readonly bytes: number;
  readonly goal?: number;
  readonly peer_name: string;
  readonly ours: () => void;
  readonly peer: () => void;
}

function megabytesPerSecond(bytes: number, work: () => void): number {
  const started = performance.now();
  work();
  return bytes / MEGABYTE / ((performance.now() - started) / 1_000);
}

/** Both in turn, so that what else the machine does falls on both alike. */
function race({ name, bytes, goal, peer_name, ours, peer }: Race): Row {
  const mine: number[] = [];
  const theirs: number[] = [];
  for (let run = -WARM_UP; run < RUNS; run += 1) {
    const [one, other] = [megabytesPerSecond(bytes, ours), megabytesPerSecond(bytes, peer)];
    if (run < 0) continue;
    mine.push(one);
    theirs.push(other);
  }
  const wanted = goal === undefined ? {} : { goal };
  return { name, ...medians(mine, theirs), peer_name, unit: 'MB/s', aim: null, ...wanted, runs: RUNS };
}

function scrubStream(scrubber: Scrubber, chunks: readonly Buffer[]): void {
  const stream = scrubber.stream();
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
}

/** What the engine needs to look at each byte once, and at a table for it. */
function lookAtEachByte(chunks: readonly Buffer[]): number {
  const weights = Uint8Array.from({ length: 256 }, (_, byte) => byte & 1);
  let sum = 0;
  for (const chunk of chunks)
    for (let at = 0; at < chunk.length; at += 1) sum += weights[chunk[at] ?? 0] ?? 0;
  return sum;
}

function run(program: string, words: readonly string[]): void {
  const { error, status } = spawnSync(program, words, { stdio: ['ignore', 'ignore', 'inherit'] });
  // grep ends with 1 where it finds nothing.
  if (error !== undefined || status === null || status > 1)
    throw new Error(`Cannot measure beside ${program}`);
}

/** Throughput of the whole scrubber, all rules, beside a loop over the bytes and beside tools that look for fixed words. */
export function speedOfScrubbing(): readonly Row[] {
  const folder = mkdtempSync(join(tmpdir(), 'driverd-bench-'));
  try {
    const values = knownValues();
    const log = logText(LOG_BYTES);
    const logChunks = chunksOf(log);
    const line = chunksOf(
      Buffer.from(logText(LINE_BYTES).toString('latin1').replaceAll('\n', ' '), 'latin1'),
    );
    const [text, words] = [join(folder, 'log'), join(folder, 'values')];
    writeFileSync(text, log);
    writeFileSync(words, `${values.join('\n')}\n`);
    const result = JSON.stringify({ log: logText(RESULT_BYTES).toString('utf8').split('\n') });
    const without = createScrubber([]);
    const with20 = createScrubber(values.map((value, at) => ({ name: `v${at}`, value: Buffer.from(value) })));
    const loop = { peer_name: 'a loop over the bytes', peer: () => void lookAtEachByte(logChunks) };
    const ordinary = 'scrub: ordinary log text, 64 KB chunks, all rules';
    return [
      race({
        ...{ name: `${ordinary}, no known values`, bytes: LOG_BYTES, goal: LOG_GOAL, ...loop },
        ours: () => scrubStream(without, logChunks),
      }),
      race({
        ...{ name: `${ordinary}, 20 known values`, bytes: LOG_BYTES, goal: LOG_GOAL, ...loop },
        ours: () => scrubStream(with20, logChunks),
      }),
      race({
        ...{ name: `${ordinary}, 20 known values, beside grep`, bytes: LOG_BYTES },
        ...{
          peer_name: 'grep -F -f with the 20 values',
          peer: () => run('grep', ['-acF', '-f', words, text]),
        },
        ours: () => scrubStream(with20, logChunks),
      }),
      race({
        ...{
          name: 'scrub: one line of 10 MB, all rules, 20 known values',
          bytes: LINE_BYTES,
          goal: LINE_GOAL,
        },
        ...{ peer_name: 'a loop over the bytes', peer: () => void lookAtEachByte(line) },
        ours: () => scrubStream(with20, line),
      }),
      race({
        ...{ name: 'scrub: a JSON result of 1 MB, as a value', bytes: RESULT_BYTES },
        ...{
          peer_name: 'JSON.parse and JSON.stringify',
          peer: () => void JSON.stringify(JSON.parse(result)),
        },
        ours: () => void with20.value(JSON.parse(result)),
      }),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
