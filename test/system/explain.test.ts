import { userInfo } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callOnce, connectClient } from '../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';

const ME = process.geteuid?.() ?? 0;
const MY_GROUP = process.getegid?.() ?? 0;
const me = { uid: ME, gid: MY_GROUP, groups: [] };
const stranger = { uid: 4_242, gid: 4_242, groups: [] };

const POLICY = `@id("mine") permit(principal == Uid::"${ME}", action in Action::"echo", resource)
  when { context.params.text != "secret words" };
@id("team") @hint("ask in #ops for the role team") permit(principal in Role::"team", action == Action::"catter.copy", resource)
  when { context.time.hour > 23 };
@id("no-strangers")
@hint("strangers have no part in this")
forbid(principal == Uid::"4242", action == Action::"echo.say", resource);
permit(principal == Uid::"${ME}", action == Action::"eraser.erase", resource);
permit(principal == Uid::"${ME}", action in Action::"rpc", resource);
`;

let daemon: TestDaemon;
beforeAll(async () => {
  const name = userInfo().username;
  daemon = await startTestDaemon({
    profiles: { echo: 'version: 1\n', catter: 'version: 1\n', eraser: 'version: 1\n' },
    policy: POLICY,
    settings: `roles: { team: { users: [${name}] } }
limit_overrides: [{ methods: [echo.say], limits: { calls_per_minute: 77 } }]`,
  });
});
afterAll(() => daemon.stop());
const call = (method: string, params: unknown = {}) => callOnce(daemon.socket, method, params);
const explain = async (params: unknown) => (await call('rpc.explain', params)).result;

describe('rpc.explain', () => {
  test('tells that a call would pass, which policy decides, with file and line, its limits and its isolation', async () => {
    const told = await explain({ method: 'echo.say', params: { text: 'x' } });
    expect(told).toMatchObject({ permitted: true, decided_by: ['mine'], roles: ['team'], exists: true });
    expect(told).toMatchObject({ destructive: false, container: null });
    const [mine] = told.policies;
    expect(mine).toMatchObject({
      id: 'mine',
      effect: 'permit',
      conditional: true,
      concerns: true,
      decided: true,
    });
    expect(mine.at).toMatch(/\.cedar:1:1$/);
    expect(told.limits).toMatchObject({ calls_per_minute: 77, in_flight_per_identity: 48 });
    expect(told.isolation).toMatchObject({ network: 'none', launcher: 'bubblewrap' });
  });

  test('takes nothing of a rate, and shows what calls have taken', async () => {
    const left = async () => (await explain({ method: 'echo.say', params: { text: 'x' } })).limits.calls_left;
    const before = await left();
    expect(await left()).toBe(before);
    await call('echo.say', { text: 'x' });
    expect(await left()).toBeLessThan(before);
  });

  test('tells where params are outside the schema', async () => {
    const told = await explain({ method: 'echo.say', params: { text: 1 } });
    expect(told).toMatchObject({
      permitted: false,
      stage: 'schema',
      reason: 'invalid-params',
      at: '/text',
      rule: 'type',
    });
  });

  test('tells which condition did not hold', async () => {
    const told = await explain({ method: 'echo.say', params: { text: 'secret words' } });
    expect(told).toMatchObject({ permitted: false, stage: 'policy', reason: 'forbidden', decided_by: [] });
  });

  test('tells what somebody else may do, and which forbid stops them', async () => {
    const told = await explain({ method: 'echo.say', params: { text: 'x' }, as: stranger });
    expect(told).toMatchObject({
      permitted: false,
      stage: 'callable',
      reason: 'forbidden',
      decided_by: ['no-strangers'],
    });
    const forbid = told.policies.find(({ id }: { id: string }) => id === 'no-strangers');
    expect(forbid.at).toMatch(/\.cedar:5:1$/);
    expect(forbid).toMatchObject({ effect: 'forbid', principal: 'Uid::"4242"', decided: true });
  });

  test('tells of every method where none is named, and whether it can be called with some params', async () => {
    const { methods } = await explain({ as: me });
    const callable = methods
      .filter((one: { callable: boolean }) => one.callable)
      .map(({ name }: { name: string }) => name);
    expect(callable).toEqual(['catter.copy', 'echo.say', 'eraser.erase']);
    const others = (await explain({ as: stranger })).methods;
    expect(others.filter((one: { callable: boolean }) => one.callable)).toEqual([]);
  });

  test('tells that a method does not exist', async () => {
    expect(await explain({ method: 'echo.nothing' })).toMatchObject({ exists: false, permitted: false });
  });

  test('runs nothing', async () => {
    const launches = () => daemon.records().filter(({ event }) => event === 'launch').length;
    const before = launches();
    await explain({ method: 'echo.say', params: { text: 'x' } });
    await explain({ method: 'eraser.erase', params: { path: '/x' } });
    expect(launches()).toBe(before);
  });

  test.each([
    [{ method: '' }, '/method'],
    [{ method: 'a.b', as: { uid: -1, gid: 0, groups: [] } }, '/as/uid'],
    [{ method: 'a.b', as: { uid: 2 ** 31, gid: 0, groups: [] } }, '/as/uid'],
    [{ method: 'a.b', as: { uid: 0 } }, '/as'],
    [{ whom: 'root' }, ''],
  ])('refuses %j', async (params, at) => {
    const { error } = await call('rpc.explain', params);
    expect(error?.data).toMatchObject({ reason: 'invalid-params', at });
  });

  test('needs a permit of its own, which may leave out asking for others', async () => {
    const own = await startTestDaemon({
      policy: `permit(principal, action == Action::"rpc.explain", resource) unless { context.params has as };`,
    });
    expect((await callOnce(own.socket, 'rpc.explain', { method: 'echo.say' })).result.permitted).toBe(false);
    const { error } = await callOnce(own.socket, 'rpc.explain', { method: 'echo.say', as: me });
    expect(error?.data.reason).toBe('forbidden');
    await own.stop();
  });
});

describe('a denied caller', () => {
  test('is told the hint of a permit whose condition did not hold', async () => {
    const { error } = await call('catter.copy', { text: 'x' });
    expect(error?.data).toMatchObject({ reason: 'forbidden', hint: 'ask in #ops for the role team' });
  });

  test('is told nothing where no policy has a hint', async () => {
    const { error } = await call('echo.say', { text: 'secret words' });
    expect(Object.keys(error?.data).toSorted()).toEqual(['reason', 'request_id', 'retryable']);
  });
});

describe('a rate', () => {
  test('lets ten destructive calls pass in a minute, and says when the next one does', async () => {
    const client = await connectClient(daemon.socket);
    const replies = [];
    for (let count = 0; count < 11; count += 1)
      replies.push(await client.call('eraser.erase', { path: '/x' }));
    client.close();
    const refused = replies.filter(({ error }) => error?.data.reason === 'rate-limited');
    expect(refused).toHaveLength(1);
    expect(refused[0]?.error?.data).toMatchObject({ retryable: true });
    expect(refused[0]?.error?.data.retry_after_ms).toBeGreaterThan(0);
    expect(refused[0]?.error?.data.retry_after_ms).toBeLessThanOrEqual(6000);
  });
});

describe('a configuration is refused at load', () => {
  const refused: readonly (readonly [string, string, string])[] = [
    [
      'whose role has an unknown user',
      'roles: { a: { users: [nobody-has-this-name] } }',
      'roles.a.users.0: there is no user nobody-has-this-name',
    ],
    [
      'whose role has an unknown group',
      'roles: { a: { groups: [nobody-has-this-name] } }',
      'roles.a.groups.0: there is no group nobody-has-this-name',
    ],
    [
      'that overrides for an unknown role',
      'limit_overrides: [{ roles: [people], limits: { queue_ms: 1 } }]',
      'there is no role people',
    ],
    [
      'that overrides for an unknown driver',
      'limit_overrides: [{ drivers: [nothing], limits: { queue_ms: 1 } }]',
      'there is no driver nothing',
    ],
    [
      'that overrides for an unknown method',
      'limit_overrides: [{ methods: [echo.sya], limits: { queue_ms: 1 } }]',
      'there is no method echo.sya',
    ],
    [
      'that overrides a limit of connections for a method',
      'limit_overrides: [{ methods: [echo.say], limits: { batch_length: 1 } }]',
      'batch_length: it holds for a connection',
    ],
  ];
  test.each(refused)('%s', async (_what, settings, why) => {
    await expect(startTestDaemon({ settings })).rejects.toThrow(why);
  });
});
