import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { listSegments } from '../../../src/shared/audit/segments.ts';
import { verifyLog } from '../../../src/shared/audit/verify.ts';
import { makePlaces, type Places } from './made-log.ts';

const WRITER = fileURLToPath(new URL('../../monitor/audit/endless-writer.ts', import.meta.url));
const RUNS = 120;
/** Small enough that each reading meets rotations, compression and removals. */
const SETTINGS =
  'version: 1\naudit: { rotate_bytes: 16384, reserve_bytes: 16384, retention: { max_bytes: 131072, min_days: 0 } }\n';

async function startWriter(): Promise<Places> {
  const places = makePlaces();
  const writer = spawn(process.execPath, [WRITER, places.path, places.folder, SETTINGS], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  onTestFinished(() => void writer.kill('SIGKILL'));
  await vi.waitFor(async () => expect((await listSegments(places.path)).length).toBeGreaterThan(4), 60_000);
  return places;
}

test('a log is proven again and again while a daemon writes, rotates, compresses and removes (A8)', async () => {
  const places = await startWriter();
  const begins = new Set<number>();
  // And so long that retention went on all the time, however busy the host is.
  for (let run = 0; run < RUNS || begins.size <= RUNS / 10; run += 1) {
    const head = run % 2 === 0 ? places.head : null;
    const { firstBad, begins: first, records } = await verifyLog(places.path, head);
    expect({ run, firstBad }).toEqual({ run, firstBad: null });
    expect(records).toBeGreaterThan(0);
    begins.add(first);
  }
}, 600_000);
