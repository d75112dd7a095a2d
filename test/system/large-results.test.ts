import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { callOnce, connectClient, type Message } from '../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { patience } from '../support/patience.ts';
import { brokerOf } from '../support/processes.ts';

const timeout = 60_000 * patience;
const AT_ONCE = 8;
const LINES = 8_000;

let daemon: TestDaemon;
afterEach(() => daemon.stop());

const call = (params: object): Promise<Message> => callOnce(daemon.socket, 'shared.say', params);

/** Lines in which a secret stands here and there, and what is to be left of them. */
function textOf(number: number, password: string): string {
  return Array.from({ length: LINES }, (_, line) =>
    line % 1_000 === number ? `password=${password}` : `größe ${number} of line ${line}: "all is well" 😀`,
  ).join('\n');
}

/** Whether the broker has the thread that looks at long texts. */
function hasThread(): boolean {
  const tasks = `/proc/${brokerOf(daemon.pid)}/task`;
  return readdirSync(tasks).some((task) => readFileSync(`${tasks}/${task}/comm`, 'utf8') === 'scrub\n');
}

async function callMany(): Promise<void> {
  const numbers = Array.from({ length: AT_ONCE }, (_, number) => number);
  const large = numbers.map((number) => call({ text: textOf(number, 'hunter2-Xk9') }));
  const small = numbers.map((number) => call({ text: `${number} password=hunter2-Xk9` }));
  const texts = async (calls: readonly Promise<Message>[]): Promise<string[]> =>
    (await Promise.all(calls)).map(({ result }) => result.text);
  for (const text of await texts(small)) expect(text).toMatch(/^\d password=\[REDACTED:[\w-]+\]$/);
  for (const [number, text] of (await texts(large)).entries()) {
    const [mark = ''] = /\[REDACTED:[\w-]+\]/.exec(text) ?? [];
    expect(mark).not.toBe('');
    expect(text === textOf(number, mark)).toBe(true);
  }
}

test('many large results are scrubbed to the byte beside small ones, in a thread that comes and goes (invariant 10)', {
  timeout,
}, async () => {
  daemon = await startTestDaemon({ profiles: { shared: 'version: 1\nmode: persistent\n' } });
  await callMany();
  await expect.poll(() => callMany().then(hasThread), { timeout, interval: 0 }).toBe(true);
  await callMany();
  // Those who leave in the middle take nothing from anybody.
  for (let number = 0; number < AT_ONCE; number += 1) {
    const client = await connectClient(daemon.socket);
    client.send({ jsonrpc: '2.0', id: 1, method: 'shared.say', params: { text: textOf(number, 'x') } });
    client.close();
  }
  await callMany();
  await expect.poll(hasThread, { timeout, interval: 100 }).toBe(false);
  await callMany();
});
