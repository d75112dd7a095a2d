import { describe, expect, test } from 'vitest';
import type { Isolation } from '../../../src/boundary/messages.ts';
import { CONTEXT_MEMBERS } from '../../../src/broker/authorise/circumstances.ts';
import { contextFor } from '../../../src/broker/authorise/context.ts';
import type { Caller } from '../../../src/shared/caller.ts';
import type { JsonObject } from '../../../src/shared/json-value.ts';
import { CIRCUMSTANCES, caller, load, method } from './fixtures.ts';

const ISOLATION: Isolation = {
  ...{ launcher: 'bubblewrap', fallback: false, way: 'inner-setpriv', uid: 0, gid: 0, groups: [] },
  ...{ namespaces: [], network: 'none', capabilities: ['CAP_NET_RAW'], no_new_privs: true, seccomp: '' },
  ...{ cgroup: 'kill', limits: {}, degraded: ['memory'] },
};
const DOCKER = { runtime: 'docker', id: 'a'.repeat(64), manager: 'system' } as const;
const PARAMS: JsonObject = { path: '/', depth: 0 };

const rows: readonly (readonly [string, string, Partial<Caller>, Partial<typeof CIRCUMSTANCES>, boolean])[] =
  [
    ['the hour', 'context.time.hour == 9', {}, { at: new Date(2026, 0, 5, 9, 30) }, true],
    ['another hour', 'context.time.hour == 9', {}, { at: new Date(2026, 0, 5, 10, 30) }, false],
    ['the minute', 'context.time.minute == 30', {}, { at: new Date(2026, 0, 5, 9, 30) }, true],
    ['a Monday', 'context.time.weekday == 1', {}, { at: new Date(2026, 0, 5) }, true],
    ['a Sunday', 'context.time.weekday == 7', {}, { at: new Date(2026, 0, 4) }, true],
    ['seconds since 1970', 'context.time.unix == 86400', {}, { at: new Date(86_400_999) }, true],
    ['a trace', 'context has trace && context.trace == "ab"', {}, { traceId: 'ab' }, true],
    ['no trace', 'context has trace', {}, {}, false],
    ['a login', 'context has login && context.login.uid == 1000', { loginUid: 1000 }, {}, true],
    [
      'a login’s session',
      'context has login && context.login has session && context.login.session == 3',
      { loginUid: 0, loginSession: 3 },
      {},
      true,
    ],
    ['no login', 'context has login', { loginSession: 3 }, {}, false],
    [
      'a container',
      'context has container && context.container.id like "a*"',
      { container: DOCKER },
      {},
      true,
    ],
    ['no container', 'context has container', {}, {}, false],
    ['a driver that runs as root', 'context.isolation.root', {}, {}, true],
    ['a driver’s capabilities', 'context.isolation.capabilities.contains("CAP_NET_RAW")', {}, {}, true],
    ['a driver’s network', 'context.isolation.network == "host"', {}, {}, false],
    ['what isolation lacks', 'context.isolation.degraded.contains("memory")', {}, {}, true],
  ];

describe('a policy sees', () => {
  test.each(rows)('%s: %s', (_what, condition, who, when, expected) => {
    const policy = load(`permit(principal, action == Action::"disk.usage", resource) when { ${condition} };`);
    const circumstances = { ...CIRCUMSTANCES, isolation: ISOLATION, ...when };
    const decision = policy.authorise(caller(who), 'disk.usage', PARAMS, circumstances);
    expect(decision).toMatchObject({ permitted: expected, errors: 0 });
    policy.release();
  });
});

test('a decision that depends on the time is made anew for each call', () => {
  const policy = load('permit(principal, action, resource) when { context.time.hour == 9 };');
  const at = (hour: number) =>
    policy.authorise(caller(), 'disk.usage', PARAMS, {
      ...CIRCUMSTANCES,
      isolation: ISOLATION,
      at: new Date(2026, 0, 5, hour),
    }).permitted;
  expect([9, 10, 9].map(at)).toEqual([true, false, true]);
  policy.release();
});

test('a context has what is looked at, and of that what there is', () => {
  const { params: type } = method('disk.usage');
  const seen = (context: readonly string[], params: readonly string[] | null) =>
    contextFor(
      { context: new Set(context), params: params === null ? null : new Set(params) },
      ...([type, PARAMS, caller(), CIRCUMSTANCES] as const),
    ) ?? {};
  expect(Object.keys(seen(CONTEXT_MEMBERS, null))).toEqual(['params', 'time']);
  expect(seen(['params'], null)).toEqual({ params: PARAMS });
  expect(seen(['params'], ['depth', 'word'])).toEqual({ params: { depth: 0 } });
  expect(seen([], [])).toEqual({});
});
