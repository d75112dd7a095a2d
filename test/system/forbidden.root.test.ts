import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Message } from '../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';

const STRANGER = 4_242;
const MEMBER_OF = 4_343;
let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startTestDaemon({
    policy: `permit(principal == Uid::"0", action in Action::"call", resource);\npermit(principal in Gid::"${MEMBER_OF}", action == Action::"echo.say", resource);\n`,
  });
});
afterAll(() => daemon.stop());

/** Calls as another user: socat with that identity, as the kernel sees it. */
function callAs(identity: readonly string[], method: string, params: unknown): Message {
  const line = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const { stdout } = spawnSync('setpriv', [...identity, 'socat', '-t', '5', '-', `UNIX:${daemon.socket}`], {
    input: `${line}\n`,
    encoding: 'utf8',
  });
  return JSON.parse(stdout);
}
const stranger = ['--reuid', String(STRANGER), '--regid', String(STRANGER), '--clear-groups'];

test('a second user who is not in the policy gets forbidden for an existing method, another and invalid params, all alike, and all are on record', () => {
  const replies = [
    callAs(stranger, 'echo.say', { text: 'x' }),
    callAs(stranger, 'echo.nothing', {}),
    callAs(stranger, 'echo.say', { wrong: true }),
  ];
  const contents = replies.map((reply) =>
    JSON.stringify({ ...reply.error, data: { ...reply.error?.data, request_id: '' } }),
  );
  expect(new Set(contents).size).toBe(1);
  expect(replies[0]?.error?.data.reason).toBe('forbidden');
  const recorded = daemon
    .records()
    .filter((record) => record.event === 'denied' && record.facts['uid'] === STRANGER);
  const requests = recorded.map((record) => record.claims['request_id']);
  for (const reply of replies) expect(requests).toContain(reply.error?.data.request_id);
});

test('a group counts as the kernel lists it for the connection: a dropped group gives nothing (N7)', () => {
  const member = ['--reuid', String(STRANGER), '--regid', String(STRANGER), '--groups', String(MEMBER_OF)];
  expect(callAs(member, 'echo.say', { text: 'in' }).result).toEqual({ text: 'in' });
  expect(callAs(stranger, 'echo.say', { text: 'out' }).error?.data.reason).toBe('forbidden');
});

test('the identity is that of who connected, whoever writes later (N5, N6, N13)', () => {
  const script = [
    'import os, socket, sys',
    's = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])',
    `os.setgroups([]); os.setgid(${STRANGER}); os.setuid(${STRANGER})`,
    's.sendall(sys.argv[2].encode() + b"\\n"); print(s.makefile().readline())',
  ].join('\n');
  const line = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'echo.say',
    params: { text: 'root connected' },
  });
  const { stdout } = spawnSync('python3', ['-c', script, daemon.socket, line], { encoding: 'utf8' });
  expect(JSON.parse(stdout).result).toEqual({ text: 'root connected' });
});

test.each([65_534, 2_147_483_648, 4_294_967_294])(
  'a uid that stands for nobody in particular is refused at accept: %d (N3)',
  async (uid) => {
    const refused = (): number => daemon.records().filter(({ event }) => event === 'session-refused').length;
    const before = refused();
    const nobody = ['--reuid', String(uid), '--regid', '4242', '--clear-groups'];
    const { stdout } = spawnSync('setpriv', [...nobody, 'socat', '-t', '5', '-', `UNIX:${daemon.socket}`], {
      input: `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'echo.say', params: {} })}\n`,
      encoding: 'utf8',
    });
    expect(stdout).toBe('');
    await expect.poll(refused, { timeout: 10_000 }).toBe(before + 1);
  },
);

test('root of a user namespace is whoever made it, and no root (N9)', () => {
  const rootOfItsOwn = ['unshare', '--user', '--map-root-user', 'sh', '-c', 'id -u >&2; exec "$@"', 'sh'];
  const line = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'echo.say', params: { text: 'x' } });
  const { stdout, stderr } = spawnSync(
    'setpriv',
    [...stranger, ...rootOfItsOwn, 'socat', '-t', '5', '-', `UNIX:${daemon.socket}`],
    { input: `${line}\n`, encoding: 'utf8' },
  );
  expect(stderr).toBe('0\n');
  const { error } = JSON.parse(stdout);
  expect(error.data.reason).toBe('forbidden');
  const denied = daemon.records().find(({ claims }) => claims['request_id'] === error.data.request_id);
  expect(denied?.facts['uid']).toBe(STRANGER);
});
