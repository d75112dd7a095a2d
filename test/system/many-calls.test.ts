import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Client, connectClient } from '../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { patience } from '../support/patience.ts';
import { commandLines, descendantsOf, statusOf } from '../support/processes.ts';
import { rounds } from '../support/rounds.ts';

const IN_FLIGHT = 64;
/** After so many calls everything that is kept is there, and the heap of V8 has its size. */
const WARM_CALLS = 50_000;
const GROWTH_PERCENT = 10;
/** What fewer calls than that may bring. */
const WARMING_KB = 98_304;
const SETTLED_WITHIN = { timeout: 20_000 * patience, interval: 50 };
const TIMEOUT_MS = 1_800_000 * patience;

let daemon: TestDaemon;
let processes: readonly number[];
beforeAll(async () => {
  daemon = await startTestDaemon({
    profiles: { shared: `version: 1\nmode: persistent\npersistent: { max_concurrency: ${IN_FLIGHT} }\n` },
    settings: `limits: { calls_per_minute: 10000000, in_flight_per_connection: ${IN_FLIGHT} }`,
  });
  const lines = commandLines();
  const broker = descendantsOf(daemon.pid).filter((pid) => lines.get(pid)?.includes('broker/main.js'));
  processes = [daemon.pid, Math.max(...broker)];
});
afterAll(() => daemon.stop());

const residentKb = (): number[] =>
  processes.map((pid) => Number.parseInt(statusOf(pid).get('VmRSS') ?? '', 10));
const descriptors = (): number[] => processes.map((pid) => readdirSync(`/proc/${pid}/fd`).length);

/** Keeps so many calls in flight until there were `count`, each with an answer of its own. */
async function callMany(client: Client, first: number, count: number): Promise<void> {
  const send = (id: number): void =>
    client.send({ jsonrpc: '2.0', id, method: 'shared.say', params: { text: `text ${id}` } });
  let sent = 0;
  for (; sent < Math.min(IN_FLIGHT, count); sent += 1) send(first + sent);
  for (let heard = 0; heard < count; heard += 1) {
    const reply = await client.next();
    if (reply === null || !('id' in reply) || reply.result?.text !== `text ${reply.id}`)
      throw new Error(`Cannot go on: a call was answered with ${JSON.stringify(reply)}`);
    if (sent < count) send(first + sent);
    sent += 1;
  }
}

test(
  'many calls through a persistent driver leave no descriptor behind, and no memory (Z13)',
  async () => {
    const count = rounds('persistentCalls');
    const client = await connectClient(daemon.socket);
    const warm = Math.min(WARM_CALLS, count / 2);
    await callMany(client, 0, warm);
    const [kilobytes, open] = [residentKb(), descriptors()];
    await callMany(client, warm, count - warm);
    // A segment may be being compressed, and a process replaced.
    const isAsBefore = (): boolean => descriptors().every((number, at) => number <= (open[at] ?? 0));
    await vi.waitUntil(isAsBefore, SETTLED_WITHIN).catch(() => undefined);
    const [after, openAfter] = [residentKb(), descriptors()];
    client.close();
    console.log(
      `${count} calls: monitor ${kilobytes[0]} KB after ${warm}, ${after[0]} KB at the end; broker ${kilobytes[1]} KB, ${after[1]} KB; descriptors ${open} and ${openAfter}`,
    );
    for (const [at, number] of openAfter.entries()) expect(number).toBeLessThanOrEqual(open[at] ?? 0);
    for (const [at, kb] of after.entries()) {
      const before = kilobytes[at] ?? 0;
      const most = warm < WARM_CALLS ? before + WARMING_KB : before * (1 + GROWTH_PERCENT / 100);
      expect(kb).toBeLessThanOrEqual(most);
    }
  },
  TIMEOUT_MS,
);
