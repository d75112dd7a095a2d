import { afterAll, beforeAll, expect, test } from 'vitest';
import { childrenOf } from '../../../src/monitor/launch/process-status.ts';
import { callOnce, connectClient } from '../../support/client.ts';
import { startTestDaemon, TEST_PROFILES, type TestDaemon } from '../../support/daemon.ts';
import { patience } from '../../support/patience.ts';
import { descendantsOf, statusOf } from '../../support/processes.ts';

/** What each flood writes before it meets its limit of output. */
const FLOOD_BYTES = 16_777_216;
/** What the broker's collector may leave for later, in bytes. */
const UNCOLLECTED_BYTES = 67_108_864;
/** What one driver may write to the operational log in a minute, and how much longer JSON makes that at the most. */
const LOG_BYTES_PER_MINUTE = 262_144;
const LARGEST_GROWTH = 3;
const DRIVERS_AT_THE_LIMIT = 4;
/** A stream that is read as long as it is full would leave others hardly a turn meanwhile. */
const CALLS_MEANWHILE = 3;

/** Driver → the line that it writes for ever. */
const FLOODS: Readonly<Record<string, string>> = {
  'empty-lines': '\n',
  'short-lines': 'a\n',
  'long-lines': `${'x'.repeat(200)}\n`,
  'no-lines': 'y',
  'control-characters': '\x1b\n',
};
const flooders = Object.keys(FLOODS);

let daemon: TestDaemon;
let broker: number;
beforeAll(async () => {
  const loud = `version: 1\ndriver: talker\nlimits: { output_bytes: ${FLOOD_BYTES} }\n`;
  daemon = await startTestDaemon({
    profiles: { ...TEST_PROFILES, ...Object.fromEntries(flooders.map((name) => [name, loud])) },
  });
  broker = childrenOf(daemon.pid).flatMap(descendantsOf).at(-1) ?? -1;
});
afterAll(() => daemon.stop());

/** Settles with the word that ended it, however long that takes. */
async function flood(name: string): Promise<string> {
  const client = await connectClient(daemon.socket);
  client.send({ jsonrpc: '2.0', id: 1, method: `${name}.flood`, params: { line: FLOODS[name] } });
  await new Promise((resolve) => client.socket.once('data', resolve));
  const reply = await client.next();
  client.close();
  return reply !== null && 'error' in reply ? reply.error?.data.reason : 'no error';
}

const residentBytes = (): number => Number.parseInt(statusOf(broker).get('VmRSS') ?? '', 10) * 1_024;

test(
  'drivers that write to stderr without end starve no other call, and fill neither memory nor the operational log (D6, R6, invariant 14)',
  async () => {
    await callOnce(daemon.socket, 'echo.say', { text: 'warm' });
    const [memory, log] = [residentBytes(), daemon.stderr().length];
    let going = flooders.length;
    let largest = memory;
    const floods = flooders.map(async (name) => {
      const reason = await flood(name);
      going -= 1;
      return reason;
    });

    let servedMeanwhile = 0;
    while (going > 0) {
      const wereGoing = going;
      const reply = await callOnce(daemon.socket, 'echo.say', { text: 'served' });
      expect(reply.result).toEqual({ text: 'served' });
      if (going === flooders.length && wereGoing === going) servedMeanwhile += 1;
      largest = Math.max(largest, residentBytes());
    }
    expect(await Promise.all(floods)).toEqual(flooders.map(() => 'output-limit'));
    expect(servedMeanwhile).toBeGreaterThanOrEqual(CALLS_MEANWHILE);
    // All of it, which is more, went through the broker.
    expect(flooders.length * FLOOD_BYTES).toBeGreaterThan(UNCOLLECTED_BYTES);
    expect(largest - memory).toBeLessThan(UNCOLLECTED_BYTES);
    // The minute may have ended once meanwhile.
    const mayHold = 2 * DRIVERS_AT_THE_LIMIT * LARGEST_GROWTH * LOG_BYTES_PER_MINUTE;
    expect(daemon.stderr().length - log).toBeLessThan(mayHold);

    for (const name of flooders) {
      const { result } = await callOnce(daemon.socket, 'rpc.logs', { driver: name, lines: 1 });
      expect([name, result.lines.length]).toEqual([name, 1]);
    }
  },
  120_000 * patience,
);

test(
  'what of a flood was left out of the operational log is counted there, at the latest when the daemon stops',
  async () => {
    const flooder = 'short-lines';
    expect(await flood(flooder)).toBe('output-limit');
    daemon.monitor.kill('SIGTERM');
    await new Promise((resolve) => daemon.monitor.once('close', resolve));
    const told = daemon
      .stderr()
      .split('\n')
      .filter(Boolean)
      .map((line): Record<string, unknown> => JSON.parse(line))
      .filter((line) => line['driver'] === flooder && typeof line['lines'] === 'number');
    const lines = told.reduce((sum, line) => sum + Number(line['lines']), 0);
    expect(lines).toBeGreaterThan(FLOOD_BYTES / 4);
  },
  120_000 * patience,
);
