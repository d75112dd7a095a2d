import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { followLog, type LogPosition } from '../../../src/driverctl/audit/follow-log.ts';
import { listSegments } from '../../../src/shared/audit/segments.ts';
import { makePlaces } from '../../shared/audit/made-log.ts';
import { patience } from '../../support/patience.ts';
import { run } from '../played-surroundings.ts';

const WRITER = fileURLToPath(new URL('../../monitor/audit/endless-writer.ts', import.meta.url));
/** Small enough that each reading meets rotation and compression. */
const ROTATION = 'rotate_bytes: 16384, reserve_bytes: 16384';
const READINGS = 30;
const RECORDS_READ = 300;
const LINES = 200;

/**
 * The log of a monitor that writes as fast as it can.
 * @param keptBytes what retention leaves of it
 */
async function startWriter(keptBytes: number): Promise<string> {
  const { path, folder } = makePlaces();
  const settings = `version: 1\naudit: { ${ROTATION}, retention: { max_bytes: ${keptBytes}, min_days: 0 } }\n`;
  const writer = spawn(process.execPath, [WRITER, path, folder, settings], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  onTestFinished(() => void writer.kill('SIGKILL'));
  // How many records a segment has depends on how busy the host is.
  await vi.waitFor(async () => {
    const closed = (await listSegments(path)).filter(({ first }) => first !== null);
    expect(closed.length).toBeGreaterThan(4);
    expect(closed.at(-1)?.first).toBeGreaterThan(LINES);
  }, 60_000 * patience);
  return path;
}

test('of a log that a monitor writes, rotates, compresses and removes, each record is given or counted as missing, over many starts', async () => {
  const path = await startWriter(131_072);
  let from: LogPosition | 'start' = 'start';
  let next: number | null = null;
  for (let reading = 0; reading < READINGS; reading += 1) {
    const { signal } = new AbortController();
    let read = 0;
    for await (const item of followLog({ path, from, signal, pollMs: 5 })) {
      if (item.kind === 'gap') {
        expect(item.from).toBe(next);
        next = item.to + 1;
      } else if (item.kind === 'record') {
        expect({ reading, seq: item.seq }).toEqual({ reading, seq: next ?? item.seq });
        next = item.seq + 1;
        from = item.position;
        read += 1;
      } else expect(item.kind).toBe('caught-up');
      if (read >= RECORDS_READ) break;
    }
  }
  expect(next).toBeGreaterThan(READINGS * RECORDS_READ);
}, 120_000);

test('tail and search of such a log leave out no record between the first and the last that they give', async () => {
  const path = await startWriter(67_108_864);
  const numbers = (text: string): number[] =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as { seq: number }).seq);
  for (let reading = 0; reading < READINGS; reading += 1) {
    const words = reading % 2 === 0 ? ['tail', '-n', String(LINES)] : ['search', '--limit', String(LINES)];
    const { status, stdout } = await run(['audit', ...words, '--log', path]);
    const given = numbers(stdout);
    const [first = 0] = given;
    expect(given.length).toBeGreaterThanOrEqual(LINES);
    expect(given).toEqual(given.map((_, index) => first + index));
    expect(status).toBe(0);
  }
}, 120_000);
