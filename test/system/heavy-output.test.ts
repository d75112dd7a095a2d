import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createScrubber } from '../../src/broker/scrub/scrubber.ts';
import { type Client, connectClient } from '../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { processorTime } from '../support/growth.ts';
import { patience } from '../support/patience.ts';

/** As much as the fixture prints, in bytes. */
const PRINTED = 12_000_000;
const LINE =
  '2026-11-22T04:31:01Z info app[12]: request 7f3a from 10.1.2.3 token=abcdefgh12345678 took 12 ms, status 200\n';
/** A part of it is measured. */
const PARTS = 10;
const QUIET_CALLS = 150;
/** What else runs on the machine disturbs a round; the least disturbed one counts. */
const ROUNDS_AT_MOST = 6;
/** A small call waits for a few turns of some ten kilobytes, and not for megabytes. */
const MOST_TIMES_AS_LONG = 25;

let daemon: TestDaemon;

beforeAll(async () => {
  daemon = await startTestDaemon({
    profiles: { torrent: 'version: 1\nlimits: { output_bytes: 16777216 }\n' },
    settings: 'limits: { keys: 1000000 }',
  });
});
afterAll(() => daemon.stop());

/** How long each of small calls takes, one after the other, in milliseconds, in order of length. */
async function latencies(client: Client, isEnough: (calls: number) => boolean): Promise<readonly number[]> {
  const times: number[] = [];
  while (!isEnough(times.length)) {
    const before = performance.now();
    await client.call('rpc.status');
    times.push(performance.now() - before);
  }
  return times.toSorted((one, other) => one - other);
}

const middle = (times: readonly number[]): number => times[times.length >> 1] ?? Infinity;

/** Calls, and settles with the length of the reply, of which nothing else is looked at: the test has to measure. */
function callForBytes(method: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(daemon.socket);
    let bytes = 0;
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (chunk.at(-1) !== 0x0a) return;
      socket.destroy();
      resolve(bytes);
    });
    socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: {} })}\n`);
  });
}

/** Of a result that is no text it is the reading of the JSON, or the check, that takes longest in one go. */
test.each([
  { method: 'text', leastReplied: PRINTED, isText: true },
  { method: 'line', leastReplied: PRINTED, isText: true },
  { method: 'stderr', leastReplied: 1, isText: true },
  { method: 'lines', leastReplied: PRINTED, isText: false },
  { method: 'json', leastReplied: PRINTED, isText: false },
])(
  'while a driver prints 12 MB ($method) the calls of others are answered after a few times as long as ever (C6)',
  async ({ method, leastReplied, isText }) => {
    const client = await connectClient(daemon.socket);
    // What all of it would take at once: so long everybody would wait.
    const part = Buffer.from(LINE.repeat(Math.ceil(PRINTED / PARTS / LINE.length)));
    const partTime = processorTime(() => void createScrubber([]).bytes(part)) / 1_000;
    const atOnce = isText ? PARTS * partTime : Infinity;
    let [ratio, longest] = [Infinity, Infinity];
    for (let round = 0; round < ROUNDS_AT_MOST; round += 1) {
      const quiet = await latencies(client, (calls) => calls === QUIET_CALLS);
      let replied = 0;
      const heavy = callForBytes(`torrent.${method}`).then((length) => {
        replied = length;
      });
      const busy = await latencies(client, () => replied > 0);
      await heavy;
      expect(replied).toBeGreaterThan(leastReplied);
      ratio = Math.min(ratio, middle(busy) / middle(quiet));
      longest = Math.min(longest, busy.at(-1) ?? Infinity);
      if (ratio < MOST_TIMES_AS_LONG && longest < atOnce) break;
    }
    expect(ratio).toBeLessThan(MOST_TIMES_AS_LONG);
    expect(longest).toBeLessThan(atOnce);
    client.close();
  },
  2 * 60_000 * patience,
);
