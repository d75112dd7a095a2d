import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectClient, type Message } from '../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';

const STRANGER = '65533';

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startTestDaemon({ profiles: { endable: 'version: 1\n' } });
});
afterAll(() => daemon.stop());

test('a call cannot be cancelled by another user, who has no permit for anything either (Z8)', async () => {
  const client = await connectClient(daemon.socket);
  client.send({
    ...{ jsonrpc: '2.0', id: 'c', method: 'endable.wait' },
    params: { _meta: { progressToken: 'c' } },
  });
  const ready = (await client.next()) as Message;
  expect(ready.params?.['message']).toBe('ready');
  const input = `${JSON.stringify({ jsonrpc: '2.0', id: 'x', method: 'rpc.cancel', params: { id: 'c' } })}\n`;
  const identity = ['--reuid', STRANGER, '--regid', STRANGER, '--clear-groups', '--'];
  const { stdout } = spawnSync('setpriv', [...identity, 'socat', '-t', '5', '-', `UNIX:${daemon.socket}`], {
    ...{ input, encoding: 'utf8' },
  });
  expect(JSON.parse(stdout)).toMatchObject({ id: 'x', result: { cancelled: false } });
  client.send({ jsonrpc: '2.0', id: 'y', method: 'rpc.cancel', params: { id: 'c' } });
  const replies = [(await client.next()) as Message, (await client.next()) as Message];
  expect(replies.find(({ id }) => id === 'y')?.result).toEqual({ cancelled: true });
  expect(replies.find(({ id }) => id === 'c')?.error?.data.reason).toBe('cancelled');
  client.close();
});
