import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { childrenOf } from '../../../src/monitor/launch/process-status.ts';
import { callOnce, connectClient } from '../../support/client.ts';
import { startTestDaemon } from '../../support/daemon.ts';
import { descendantsOf, openDescriptors } from '../../support/processes.ts';
import { rounds } from '../../support/rounds.ts';

const TOGETHER = 50;
const SETTLES_WITHIN_MS = 30_000;

test('thousands of sessions, and thousands that disconnect at once, leave no descriptor behind in monitor and broker (R11, T3)', async () => {
  const daemon = await startTestDaemon({
    settings: 'limits: { connections_per_identity: 4096, connections_per_second: 100000 }',
  });
  const broker = childrenOf(daemon.pid).flatMap(descendantsOf).at(-1) ?? -1;
  await callOnce(daemon.socket, 'rpc.discover');
  await wait(500);
  const before = { monitor: openDescriptors(daemon.pid), broker: openDescriptors(broker) };
  const now = () => ({ monitor: openDescriptors(daemon.pid), broker: openDescriptors(broker) });

  for (let done = 0; done < rounds('sessions'); done += TOGETHER) {
    const clients = await Promise.all(Array.from({ length: TOGETHER }, () => connectClient(daemon.socket)));
    const replies = await Promise.all(clients.map((client) => client.call('no.such')));
    expect(replies.every((reply) => reply.error !== undefined)).toBe(true);
    for (const client of clients) client.close();
  }
  await expect.poll(now, { timeout: SETTLES_WITHIN_MS }).toEqual(before);

  const sockets = await Promise.all(
    Array.from({ length: rounds('disconnects') }, async () => {
      const socket = connect(daemon.socket);
      await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
      return socket;
    }),
  );
  for (const socket of sockets) socket.destroy();
  await expect.poll(now, { timeout: SETTLES_WITHIN_MS }).toEqual(before);
  expect((await callOnce(daemon.socket, 'echo.say', { text: 'still' })).result).toEqual({ text: 'still' });
  expect(await daemon.stop()).toBe(0);
}, 600_000);
