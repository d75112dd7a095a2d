import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectClient } from '../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { patience } from '../support/patience.ts';
import { descendantsOf } from '../support/processes.ts';

const MESSAGE_BYTES = 1_048_576;
const MESSAGES = 24;
const ANSWERED_WITHIN_MS = 20_000 * patience;
/** As many as one identity may have, but the one that is served meanwhile. */
const CONNECTIONS = 127;

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startTestDaemon();
});
afterAll(() => daemon.stop());

/** A call with params that are no echo's, as long as a message may be; all of them are read and looked at. */
function largest(id: number, filling: (bytes: number) => string): string {
  const [before, after] = [`{"jsonrpc":"2.0","id":${id},"method":"echo.say","params":{"wrong":`, '}}'];
  return `${before}${filling(MESSAGE_BYTES - before.length - after.length - 1)}${after}`;
}

const fillings: readonly (readonly [string, (bytes: number) => string])[] = [
  ['one string', (bytes) => `"${'x'.repeat(bytes - 2)}"`],
  ['one string of escapes', (bytes) => `"${'\\u00e9'.repeat(Math.floor((bytes - 2) / 6))}"`],
  ['numbers', (bytes) => `[${'7,'.repeat(Math.floor((bytes - 3) / 2))}7]`],
  ['one long number', (bytes) => `0.${'1'.repeat(bytes - 2)}`],
  [
    'as many names as there may be',
    (bytes) => {
      const value = `"${'y'.repeat(Math.floor(bytes / 9_990) - 16)}"`;
      return `{${Array.from({ length: 9_990 }, (_, index) => `"k${index}":${value}`).join(',')}}`;
    },
  ],
  [
    'as many lists as there may be, as deep, and numbers',
    (bytes) => {
      const lists = `${'['.repeat(60)}${']'.repeat(60)},`.repeat(166);
      return `[${lists}${'7,'.repeat(Math.floor((bytes - lists.length - 3) / 2))}7]`;
    },
  ],
];

describe('the largest legal messages', () => {
  test.each(fillings)(
    'of one caller, %s, are read one by one: another is answered in between (J6)',
    async (_what, filling) => {
      const [heavy, other] = [await connectClient(daemon.socket), await connectClient(daemon.socket)];
      let answered = 0;
      for (let id = 0; id < MESSAGES; id += 1) heavy.send(largest(id, filling));
      const all = (async () => {
        for (; answered < MESSAGES; answered += 1) {
          const reply = await heavy.next();
          expect(reply).toMatchObject({ error: { data: { reason: 'invalid-params' } } });
        }
      })();
      await expect.poll(() => answered, { timeout: ANSWERED_WITHIN_MS }).toBeGreaterThan(0);
      expect((await other.call('rpc.discover')).error).toBeUndefined();
      expect(answered).toBeLessThan(MESSAGES);
      await all;
      heavy.close();
      other.close();
    },
  );
});

test('all of an identity’s connections with most of a largest message each leave the broker as it is, and it answers (R7)', async () => {
  const broker = descendantsOf(daemon.pid).at(-1);
  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => connectClient(daemon.socket)));
  const [most, end] = [`"${'x'.repeat(MESSAGE_BYTES - 16)}`, '"\n'];
  await Promise.all(clients.map(({ socket }) => new Promise((written) => socket.write(most, written))));
  const other = await connectClient(daemon.socket);
  expect((await other.call('rpc.discover')).error).toBeUndefined();
  for (const { socket } of clients) socket.write(end);
  for (const client of clients)
    expect(await client.next()).toMatchObject({ error: { data: { reason: 'invalid-request' } } });
  expect(descendantsOf(daemon.pid).at(-1)).toBe(broker);
  for (const client of [...clients, other]) client.close();
});
