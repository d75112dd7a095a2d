import { spawnSync } from 'node:child_process';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../../scripts/development-folder.ts';
import { callOnce } from '../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';

const { uid, username } = userInfo();
const POLICY = `@id("mine") permit(principal == Uid::"${uid}", action in Action::"echo", resource);
@id("guests") permit(principal in User::"daemon", action == Action::"echo.say", resource)
  when { context.params.text == "hello" };
@id("rpc") permit(principal == Uid::"${uid}", action in Action::"rpc", resource);
`;

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startTestDaemon({
    profiles: { echo: 'version: 1\n', catter: 'version: 1\n' },
    policy: POLICY,
  });
});
afterAll(() => daemon.stop());

function driverctl(...words: readonly string[]) {
  const main = join(ROOT, 'dist/driverctl/main.js');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [main, ...words, '--socket', daemon.socket],
    {
      encoding: 'utf8',
      env: { ...process.env, DRIVERD_LOG: daemon.log },
    },
  );
  return { status, stdout, stderr, json: () => JSON.parse(stdout) };
}

describe('driverctl can', () => {
  test('says yes and by which policy, with file and line, and exits with 0', () => {
    const { status, json } = driverctl('can', 'echo.say', 'text=x', '--json');
    expect(status).toBe(0);
    expect(json()).toMatchObject({ permitted: true, decided_by: ['mine'] });
    expect(json().policies[0].at).toMatch(/policy\.d\/driverd\.cedar:1:1$/);
  });

  test('says no where the params are wrong, and exits as the call would', () => {
    const { status, json } = driverctl('can', 'echo.say', 'text=1', '--json');
    expect(status).toBe(driverctl('call', 'echo.say', 'text=1').status);
    expect(json()).toMatchObject({ permitted: false, at: '/text', rule: 'type' });
  });

  test('says no where no policy permits it, and exits as the call would', () => {
    const { status, json } = driverctl('can', 'catter.copy', 'text=x', '--json');
    expect(status).toBe(driverctl('call', 'catter.copy', 'text=x').status);
    expect(json()).toMatchObject({ permitted: false, reason: 'forbidden' });
  });

  test('asks for another user of this host by name or number, with that user’s groups', () => {
    expect(driverctl('can', 'echo.say', 'text=hello', '--as', 'daemon', '--json').json().permitted).toBe(
      true,
    );
    expect(driverctl('can', 'echo.say', 'text=hello', '--as', '1', '--json').json().permitted).toBe(true);
    expect(driverctl('can', 'echo.say', 'text=bye', '--as', 'daemon').status).toBe(4);
    const { status, stderr } = driverctl('can', 'echo.say', '--as', 'nobody-has-this-name');
    expect([status, stderr]).toEqual([
      2,
      'driverctl: Cannot ask for nobody-has-this-name: this host has no such user\n',
    ]);
  });
});

describe('an access review', () => {
  test('who-can tells whom policies permit a method, what its driver is granted, and who used it last', async () => {
    await callOnce(daemon.socket, 'echo.say', { text: 'x' });
    const told = driverctl('who-can', 'echo.say', '--json').json();
    expect(told.policies).toMatchObject([
      { effect: 'permit', who: `Uid::"${uid}"`, conditional: false, id: 'mine' },
      { effect: 'permit', who: 'User::"daemon"', conditional: true, id: 'guests' },
    ]);
    expect(told.grants).toMatchObject({ network: 'none', capabilities: [] });
    expect(told.last_used).toMatchObject([{ uid, time: expect.stringMatching(/^20/) }]);
  });

  test('who-can refuses a method that does not exist', () => {
    const { status, stderr } = driverctl('who-can', 'echo.nothing');
    expect([status, stderr]).toEqual([
      5,
      'driverctl: Cannot tell who can: there is no method echo.nothing\n',
    ]);
  });

  test('list --as tells what a user may call, by which policies, and when they used it last', async () => {
    await callOnce(daemon.socket, 'echo.say', { text: 'x' });
    expect(driverctl('list', '--as', username, '--json').json()).toMatchObject([
      {
        name: 'echo.say',
        policies: [{ id: 'mine', conditional: false }],
        last_used: expect.stringMatching(/^20/),
      },
    ]);
    expect(driverctl('list', '--as', 'daemon', '--json').json()).toMatchObject([
      { name: 'echo.say', policies: [{ id: 'guests', conditional: true }], last_used: null },
    ]);
    expect(driverctl('list', '--as', 'bin', '--json').json()).toEqual([]);
  });

  test('list and the refusals agree', () => {
    const methods = driverctl('list', '--json')
      .json()
      .map(({ name }: { name: string }) => name);
    expect(methods.filter((name: string) => !name.startsWith('rpc.'))).toEqual(['echo.say']);
    expect(driverctl('call', 'catter.copy', 'text=x').status).toBe(4);
  });
});
