import { afterEach, describe, expect, test } from 'vitest';
import { type PlayedServer, playServer, say } from './played-server.ts';
import { run } from './played-surroundings.ts';

let server: PlayedServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const PERMIT = {
  ...{ id: 'root', effect: 'permit', at: '/etc/driverd/policy.d/a.cedar:1:1', principal: 'Uid::"0"' },
  ...{ conditional: false, concerns: true, decided: false },
};
const DENIED = {
  ...{ method: 'disk.erase', exists: true, roles: [], container: null, destructive: false },
  ...{ permitted: false, stage: 'callable', reason: 'forbidden', decided_by: [], policies: [] },
  ...{ limits: null, isolation: { network: 'none' } },
};

async function can(told: object): Promise<string> {
  server = await playServer(({ id }, socket) =>
    say(socket, { jsonrpc: '2.0', id, result: { ...DENIED, ...told } }),
  );
  const { stdout } = await run(['can', 'disk.erase', '--socket', server.path], { terminal: true });
  return Buffer.from(stdout, 'latin1').toString();
}

describe('can, with a played server, says why not', () => {
  const rows: readonly (readonly [string, object, string])[] = [
    ['no policy at all', {}, 'no: no policy permits it'],
    [
      'a destructive method that no permit names',
      { destructive: true },
      'no: no policy permits it; it is destructive, so a permit has to name it or one of its tags',
    ],
    [
      'a caller in a container',
      { container: { runtime: 'docker', id: 'ab', manager: 'system' }, destructive: true },
      'no: no permit asks for the container that the caller is in',
    ],
    ['conditions', { stage: 'policy', policies: [PERMIT] }, 'no: no permit’s conditions hold for it'],
    [
      'a forbid',
      { stage: 'policy', policies: [PERMIT, { ...PERMIT, effect: 'forbid', decided: true }] },
      'no: a policy forbids it',
    ],
    ['a method that is not there', { exists: false }, 'no: there is no method disk.erase'],
  ];
  test.each(rows)('%s, and nothing of the isolation that it does not get', async (_what, told, expected) => {
    const text = await can(told);
    expect(text.split('\n')[0]?.replace(/^answer +/, '')).toBe(expected);
    expect(text).not.toContain('isolation');
  });

  test('and of a call that would pass, in which isolation', async () => {
    const policies = [{ ...PERMIT, decided: true }];
    const text = await can({ permitted: true, stage: undefined, reason: undefined, policies });
    expect(text).toContain('yes: disk.erase would be permitted');
    expect(text).toContain('network');
  });
});
