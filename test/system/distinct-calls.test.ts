import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectClient } from '../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { patience } from '../support/patience.ts';
import { descendantsOf } from '../support/processes.ts';
import { rounds } from '../support/rounds.ts';

const BATCH = 64;
/** The first refusals of an identity are on record one by one, later ones are counted, and replies wait for the count. */
const CONNECTIONS = 16;
/** After so many of a hundred calls everything that is kept is there. */
const WARM_PERCENT = 20;
/** What may come on top: the heap of V8 is collected when it likes. */
const GROWTH_KB = 65_536;
const TIMEOUT_MS = 900_000 * patience;

let daemon: TestDaemon;
let broker: number;
beforeAll(async () => {
  const uid = process.geteuid?.() ?? 0;
  daemon = await startTestDaemon({
    policy: `permit(principal == Uid::"${uid}", action == Action::"echo.say", resource) when { context.params.text == "never" };`,
    audit: 'durability: none',
    settings: 'limits: { calls_per_minute: 10000000 }',
  });
  broker = descendantsOf(daemon.pid).at(-1) ?? -1;
});
afterAll(() => daemon.stop());

function residentKb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

const kinds: readonly (readonly [string, (at: number) => { method: string; params: object }])[] = [
  ['methods', (at) => ({ method: `echo.none${at}`, params: {} })],
  ['drivers', (at) => ({ method: `none${at}.say`, params: {} })],
  ['params', (at) => ({ method: 'echo.say', params: { text: `text ${at}` } })],
];
test.each(kinds)(
  'however many distinct %s are called, monitor and broker grow no more (R7, Z13)',
  async (_what, make) => {
    const count = rounds('distinctCalls');
    const clients = await Promise.all(
      Array.from({ length: CONNECTIONS }, () => connectClient(daemon.socket)),
    );
    let warm: readonly number[] = [];
    for (let at = 0; at < count; at += CONNECTIONS * BATCH) {
      if (warm.length === 0 && at >= (count * WARM_PERCENT) / 100)
        warm = [daemon.pid, broker].map(residentKb);
      const batches = clients.map(async (client, number) => {
        const first = at + number * BATCH;
        client.send(
          Array.from({ length: BATCH }, (_, index) => ({
            jsonrpc: '2.0',
            id: first + index,
            ...make(first + index),
          })),
        );
        const replies = await client.next();
        return Array.isArray(replies) && replies.every(({ error }) => error?.data.reason === 'forbidden');
      });
      expect(await Promise.all(batches)).not.toContain(false);
    }
    for (const client of clients) client.close();
    const now = [daemon.pid, broker].map(residentKb);
    console.log(`${count} calls: monitor ${warm[0]} to ${now[0]} KB, broker ${warm[1]} to ${now[1]} KB`);
    for (const [at, kilobytes] of now.entries()) expect(kilobytes - (warm[at] ?? 0)).toBeLessThan(GROWTH_KB);
  },
  TIMEOUT_MS,
);
