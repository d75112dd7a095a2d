import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { logText } from '../scrub/texts.ts';
import { echoServerMissing, startEchoServer } from './echo-servers.ts';
import type { Effort } from './effort.ts';
import { inTurn } from './launching.ts';
import { startMeasured } from './measured-daemon.ts';
import { compared, type Measurement, type Question, quantile, row, unmeasured } from './measurement.ts';
import { notSupported, PERSISTENT, READING_NATIVE } from './profiles.ts';
import { startSpawner } from './programs.ts';
import { openWire } from './wire.ts';

const KIBIBYTE = 1_024;
const MEBIBYTE = 1_048_576;
const MEGABYTE = 1_000_000;
const SCRUBBED_BYTES = 10_000_000;
const AIM_1MIB = 0.5;
/** Calls with megabytes that are not counted. */
const WARM_UP = 2;
/** Enough that no side waits for the other, and no side queues. */
const IN_FLIGHT = 4;

const sizes = [
  { name: 'result_64kib', bytes: 64 * KIBIBYTE, words: '64 KiB', aims: {} },
  { name: 'result_1mib', bytes: MEBIBYTE, words: '1 MiB', aims: { aim: AIM_1MIB } },
] as const;
type Size = (typeof sizes)[number];

const question = ({ name, words, aims }: Size): Question => ({
  ...{ name, what: `results of ${words} (log text, scrubbed), ${IN_FLIGHT} in flight`, ...aims },
  ...{ peer_name: 'jayson’s bare echo', unit: 'MB/s', better: 'more' },
});
const SCRUBBED: Question = {
  ...{ name: 'output_10mb', what: '10 MB of output of a cold call, scrubbed' },
  ...{ peer_name: 'the same file through bwrap --unshare-all', unit: 'MB/s', better: 'more' },
};

/** Results of a size, and an output as large as one may be. */
export async function measureLargeResults(effort: Effort): Promise<readonly Measurement[]> {
  const rows: Measurement[] = [];
  for (const size of sizes) rows.push(await measureSize(size, effort));
  return [...rows, await measureScrubbed(effort)];
}

async function measureSize(size: Size, effort: Effort): Promise<Measurement> {
  const missing = echoServerMissing('jayson');
  if (missing !== null) return unmeasured(question(size), missing);
  // Until drivers can stay, the call starts a program.
  const stays = notSupported('mode') === null;
  const folder = folderWithText(size.bytes);
  const daemon = await startMeasured({
    profiles: stays ? { echoing: PERSISTENT } : { native: READING_NATIVE },
    texts: folder,
  });
  const server = await startEchoServer('jayson', folder, join(folder, 'text'));
  const [ours, peer] = [await openWire(daemon.socket), await openWire(server.socket)];
  const [mine, theirs]: [number[], number[]] = [[], []];
  let runs = 0;
  const rate = size.bytes / MEGABYTE;
  const [method, params] = stays
    ? ['echoing.show', { file: '/texts/text' }]
    : ['native.show', { file: '/texts/text' }];
  await ours.flood(method, params, IN_FLIGHT, effort.warmMs);
  await peer.flood('show', {}, IN_FLIGHT, effort.warmMs);
  for (let turn = 0; turn < effort.turns; turn += 1) {
    const flood = await ours.flood(method, params, IN_FLIGHT, effort.turnMs);
    const other = await peer.flood('show', {}, IN_FLIGHT, effort.turnMs);
    mine.push(flood.perSecond * rate);
    theirs.push(other.perSecond * rate);
    runs += flood.times.length;
  }
  for (const wire of [ours, peer]) wire.close();
  server.stop();
  await daemon.stop();
  rmSync(folder, { recursive: true, force: true });
  return row(
    { ...question(size), note: stays ? 'persistent driver' : 'each call starts a program' },
    { ours: quantile(mine, 0.5), ours_p99: null, peer: quantile(theirs, 0.5), peer_p99: null, runs },
  );
}

async function measureScrubbed(effort: Effort): Promise<Measurement> {
  const folder = folderWithText(SCRUBBED_BYTES);
  const daemon = await startMeasured({ profiles: { native: READING_NATIVE }, texts: folder });
  const wire = await openWire(daemon.socket);
  const spawner = startSpawner();
  const bare = ['bwrap', '--unshare-all', '--ro-bind', '/', '/', '/bin/cat', join(folder, 'text')];
  const [mine = [], theirs = []] = await inTurn(
    [() => wire.call('native.show', { file: '/texts/text' }), () => spawner.time(bare)],
    Math.ceil(effort.slowLaunches / 2),
    WARM_UP,
  );
  const speed = (ms: number): number => SCRUBBED_BYTES / MEGABYTE / (ms / 1_000);
  wire.close();
  spawner.stop();
  await daemon.stop();
  rmSync(folder, { recursive: true, force: true });
  return compared(SCRUBBED, mine.map(speed), theirs.map(speed));
}

function folderWithText(bytes: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'driverd-bench-text-'));
  // Drivers run as other users.
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, 'text'), logText(bytes), { mode: 0o644 });
  return folder;
}
