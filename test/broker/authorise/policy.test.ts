import { describe, expect, test } from 'vitest';
import { paramsType } from '../../../src/broker/authorise/params-type.ts';
import { loadPolicy, type Policy, type PolicyMethod } from '../../../src/broker/authorise/policy.ts';
import type { Caller } from '../../../src/shared/caller.ts';
import type { JsonObject } from '../../../src/shared/json-value.ts';
import { CIRCUMSTANCES, NOT_KNOWN } from './fixtures.ts';

const PARAMS = paramsType({
  type: 'object',
  additionalProperties: false,
  properties: { path: { type: 'string' }, depth: { type: 'integer' } },
});

function method(name: string, more: Partial<PolicyMethod> = {}): PolicyMethod {
  return {
    name,
    driver: name.slice(0, name.indexOf('.')),
    destructive: false,
    idempotent: false,
    tags: [],
    capabilities: [],
    params: PARAMS,
    ...more,
  };
}
const METHODS = [
  method('disk.usage'),
  method('disk.largest'),
  method('host.info', { tags: ['read'] }),
  method('snapshot.remove', { destructive: true, tags: ['danger'] }),
  method('rpc.status'),
];
const NAMES = {
  users: new Map([
    ['bob', 1000],
    ['1000', 4711],
  ]),
  groups: new Map([['ops', 27]]),
};

function policy(text: string, unitsProvable = true): Policy {
  return loadPolicy([{ file: 'test.cedar', text }], METHODS, NAMES, { roles: new Map(), unitsProvable });
}
function caller(uid: number, more: Partial<Caller> = {}): Caller {
  return { uid, gid: uid, groups: [], pid: 1, ...NOT_KNOWN, ...more };
}
const backup: Caller = caller(33, { unit: { manager: 'system', name: 'backup.service' } });
const ownUnit: Caller = caller(33, { unit: { manager: 'user', name: 'backup.service' } });
const ALL = 'permit(principal, action in Action::"call", resource);';

interface Row {
  readonly what: string;
  readonly text: string;
  readonly who: Caller;
  readonly method: string;
  readonly params?: JsonObject;
  readonly expected: boolean;
}
const bob = caller(1000);
const ROWS: readonly Row[] = [
  {
    what: 'nothing is permitted by an empty policy (Z1)',
    text: '',
    who: bob,
    method: 'disk.usage',
    expected: false,
  },
  { what: 'nor to root (Z10, invariant 1)', text: '', who: caller(0), method: 'disk.usage', expected: false },
  { what: 'a blanket permit covers a method', text: ALL, who: bob, method: 'disk.usage', expected: true },
  { what: 'but no built-in one (Z7)', text: ALL, who: caller(0), method: 'rpc.status', expected: false },
  {
    what: 'built-in ones are permitted by their own action',
    text: 'permit(principal, action in Action::"rpc", resource);',
    who: bob,
    method: 'rpc.status',
    expected: true,
  },
  {
    what: 'which covers no driver',
    text: 'permit(principal, action in Action::"rpc", resource);',
    who: bob,
    method: 'disk.usage',
    expected: false,
  },
  {
    what: 'forbid wins',
    text: `${ALL} forbid(principal == Uid::"1000", action, resource);`,
    who: bob,
    method: 'disk.usage',
    expected: false,
  },
  {
    what: 'and stops only whom it names',
    text: `${ALL} forbid(principal == Uid::"1001", action, resource);`,
    who: bob,
    method: 'disk.usage',
    expected: true,
  },
  {
    what: 'a uid is matched',
    text: 'permit(principal == Uid::"1000", action, resource);',
    who: bob,
    method: 'disk.usage',
    expected: true,
  },
  {
    what: 'another uid is not',
    text: 'permit(principal == Uid::"1000", action, resource);',
    who: caller(1001),
    method: 'disk.usage',
    expected: false,
  },
  {
    what: 'a user is matched by name',
    text: 'permit(principal in User::"bob", action, resource);',
    who: bob,
    method: 'disk.usage',
    expected: true,
  },
  {
    what: 'a user named 1000 is not uid 1000',
    text: 'permit(principal in User::"1000", action, resource);',
    who: bob,
    method: 'disk.usage',
    expected: false,
  },
  {
    what: 'a group is matched by name among the supplementary ones',
    text: 'permit(principal in Group::"ops", action, resource);',
    who: caller(5, { groups: [3, 27] }),
    method: 'disk.usage',
    expected: true,
  },
  {
    what: 'and as the primary one',
    text: 'permit(principal in Group::"ops", action, resource);',
    who: caller(5, { gid: 27 }),
    method: 'disk.usage',
    expected: true,
  },
  {
    what: 'a group that was dropped gives nothing (N7)',
    text: 'permit(principal in Group::"ops", action, resource);',
    who: caller(5),
    method: 'disk.usage',
    expected: false,
  },
  {
    what: 'a group is matched by number, last of 40',
    text: 'permit(principal in Gid::"39", action, resource);',
    who: caller(5, { groups: Array.from({ length: 40 }, (_, gid) => gid) }),
    method: 'disk.usage',
    expected: true,
  },
  {
    what: 'a system unit is matched',
    text: 'permit(principal in Unit::"backup.service", action, resource);',
    who: backup,
    method: 'disk.usage',
    expected: true,
  },
  {
    what: 'a user’s own unit of the same name is not',
    text: 'permit(principal in Unit::"backup.service", action, resource);',
    who: ownUnit,
    method: 'disk.usage',
    expected: false,
  },
  {
    what: 'it is matched by its own type',
    text: 'permit(principal in UserUnit::"backup.service", action, resource);',
    who: ownUnit,
    method: 'disk.usage',
    expected: true,
  },
  {
    what: 'a forbid on a uid also stops a unit’s caller',
    text: `${ALL} forbid(principal == Uid::"33", action, resource);`,
    who: backup,
    method: 'disk.usage',
    expected: false,
  },
  {
    what: 'a driver’s action covers its methods',
    text: 'permit(principal, action in Action::"disk", resource);',
    who: bob,
    method: 'disk.largest',
    expected: true,
  },
  {
    what: 'and no other driver’s',
    text: 'permit(principal, action in Action::"disk", resource);',
    who: bob,
    method: 'host.info',
    expected: false,
  },
  {
    what: 'a method’s action covers it alone',
    text: 'permit(principal, action == Action::"disk.usage", resource);',
    who: bob,
    method: 'disk.largest',
    expected: false,
  },
  {
    what: 'a tag is an action',
    text: 'permit(principal, action in Action::"tag:read", resource);',
    who: bob,
    method: 'host.info',
    expected: true,
  },
  {
    what: 'a resource is matched',
    text: 'permit(principal, action, resource == Method::"host.info");',
    who: bob,
    method: 'host.info',
    expected: true,
  },
  {
    what: 'and its driver',
    text: 'permit(principal, action, resource in Driver::"disk");',
    who: bob,
    method: 'host.info',
    expected: false,
  },
  {
    what: 'a condition on params permits',
    text: 'permit(principal, action == Action::"disk.usage", resource) when { context.params has path && context.params.path like "/srv/*" };',
    who: bob,
    method: 'disk.usage',
    params: { path: '/srv/a' },
    expected: true,
  },
  {
    what: 'and does not',
    text: 'permit(principal, action == Action::"disk.usage", resource) when { context.params has path && context.params.path like "/srv/*" };',
    who: bob,
    method: 'disk.usage',
    params: { path: '/etc' },
    expected: false,
  },
  {
    what: 'a param that is missing is no match',
    text: 'permit(principal, action == Action::"disk.usage", resource) when { context.params has path };',
    who: bob,
    method: 'disk.usage',
    expected: false,
  },
  {
    what: 'a permit that errors denies',
    text: 'permit(principal, action == Action::"disk.usage", resource) when { context.params has depth && context.params.depth * 9223372036854775807 > 1 };',
    who: bob,
    method: 'disk.usage',
    params: { depth: 2 },
    expected: false,
  },
  {
    what: 'a forbid that errors denies too, although Cedar would skip it (Z2)',
    text: `${ALL} forbid(principal, action == Action::"disk.usage", resource) when { context.params has depth && context.params.depth * 9223372036854775807 > 1 };`,
    who: bob,
    method: 'disk.usage',
    params: { depth: 2 },
    expected: false,
  },
  {
    what: 'a blanket permit does not cover a destructive method',
    text: ALL,
    who: bob,
    method: 'snapshot.remove',
    expected: false,
  },
  {
    what: 'nor does one on its driver',
    text: 'permit(principal, action in Action::"snapshot", resource);',
    who: bob,
    method: 'snapshot.remove',
    expected: false,
  },
  {
    what: 'one that names it does',
    text: 'permit(principal, action == Action::"snapshot.remove", resource);',
    who: bob,
    method: 'snapshot.remove',
    expected: true,
  },
  {
    what: 'or one of its tags',
    text: 'permit(principal, action in Action::"tag:danger", resource);',
    who: bob,
    method: 'snapshot.remove',
    expected: true,
  },
  {
    what: 'a method that does not exist is denied',
    text: ALL,
    who: bob,
    method: 'disk.nothing',
    expected: false,
  },
  { what: 'and strange names too (J17)', text: ALL, who: bob, method: 'constructor', expected: false },
  { what: 'and long ones', text: ALL, who: bob, method: `disk.${'x'.repeat(1_000_000)}`, expected: false },
  {
    what: 'what looks like an entity in params is none',
    text: 'permit(principal, action == Action::"disk.usage", resource) when { context.params has path && context.params.path == "0" };',
    who: bob,
    method: 'disk.usage',
    params: { path: { __entity: { type: 'Uid', id: '0' } } },
    expected: false,
  },
  {
    what: 'null and fractions do not break a decision',
    text: ALL,
    who: bob,
    method: 'disk.usage',
    params: { a: null, b: 1.5, c: [1, 2.5, { d: 1e300 }] },
    expected: true,
  },
];

test.each(ROWS)('$what', ({ text, who, method: name, params, expected }) => {
  expect(policy(text).authorise(who, name, params ?? {}, CIRCUMSTANCES).permitted).toBe(expected);
});

describe('before the schema', () => {
  test('conditions of permits are taken as true and conditional forbids are left out', () => {
    const one = policy(
      `permit(principal == Uid::"1000", action == Action::"disk.usage", resource) when { context.params has path && context.params.path == "/" };
       forbid(principal, action == Action::"disk.usage", resource) when { context.params has path && context.params.path == "/etc" };
       forbid(principal == Uid::"1001", action, resource);`,
    );
    expect(one.callable(bob, 'disk.usage')).toBe(true);
    expect(one.callable(caller(1001), 'disk.usage')).toBe(false);
    expect(one.callable(bob, 'disk.largest')).toBe(false);
    expect(one.callable(bob, 'nowhere.nothing')).toBe(false);
  });

  test('a destructive method is callable only where a permit names it', () => {
    expect(policy(ALL).callable(bob, 'snapshot.remove')).toBe(false);
    expect(
      policy('permit(principal, action == Action::"snapshot.remove", resource);').callable(
        bob,
        'snapshot.remove',
      ),
    ).toBe(true);
  });

  test('that a method does not exist is told only to whom a permit covers its whole driver, or everything (J17)', () => {
    const whole = policy('permit(principal == Uid::"1000", action in Action::"disk", resource);');
    expect(whole.coversDriver(bob, 'disk')).toBe(true);
    expect(whole.coversDriver(bob, 'nowhere')).toBe(false);
    expect(whole.coversDriver(caller(1001), 'disk')).toBe(false);
    // A destructive method that the blanket permit does not cover is hidden still.
    expect(policy(ALL).coversDriver(bob, 'nowhere')).toBe(false);
    const everything = policy(`${ALL} permit(principal, action in Action::"tag:danger", resource);`);
    expect(everything.coversDriver(bob, 'nowhere')).toBe(true);
    expect(
      policy('permit(principal, action == Action::"disk.usage", resource);').coversDriver(bob, 'disk'),
    ).toBe(false);
  });

  test('a million identities and methods do not grow what is remembered (Z13)', () => {
    const one = policy(ALL);
    for (let uid = 0; uid < 20_000; uid += 1) one.callable(caller(uid), `disk.m${uid}`);
    expect(one.callable(bob, 'disk.usage')).toBe(true);
  });
});

test.each([
  ['what does not parse', 'permit(principal, action, resource;', /test\.cedar:1/],
  ['an unknown action', '\npermit(principal, action == Action::"disk.usge", resource);', /test\.cedar:2/],
  [
    'a principal that can never match',
    'permit(principal == User::"bob", action, resource);',
    /test\.cedar:1/,
  ],
  ['an unknown type', 'permit(principal in Grup::"ops", action, resource);', /test\.cedar:1/],
  ['a name that is nobody’s', 'permit(principal in User::"nobody-here", action, resource);', /nobody-here/],
  ['two policies of one name', `@id("a") ${ALL}\n@id("a") ${ALL}`, /test\.cedar/],
])('a file with %s is refused at load, with file, line and reason (Z1)', (_what, text, expected) => {
  expect(() => policy(text)).toThrow(expected);
});

test('where units cannot be proven a policy that names one is refused at load', () => {
  expect(() => policy('permit(principal in Unit::"x.service", action, resource);', false)).toThrow(
    /Cannot load policy/,
  );
});

describe('names of users', () => {
  const named = (users: Readonly<Record<string, number>>, text: string): Policy =>
    loadPolicy(
      [{ file: 'test.cedar', text }],
      METHODS,
      { users: new Map(Object.entries(users)), groups: new Map() },
      {
        ...{ roles: new Map(), unitsProvable: true },
      },
    );
  const toor = 'permit(principal in User::"toor", action, resource);';

  test('that share a uid are one user: a forbid for one name reaches who is permitted by the other (N8)', () => {
    const both = `${ALL}\nforbid(principal in User::"toor", action, resource);`;
    expect(named({ root: 0, toor: 0 }, toor).callable(caller(0), 'disk.usage')).toBe(true);
    expect(named({ root: 0, toor: 0 }, both).callable(caller(0), 'disk.usage')).toBe(false);
  });

  test('are numbers once they are loaded; one that was deleted refuses the next load, and nobody inherits its permit (N8)', () => {
    const loaded = named({ toor: 1_000 }, toor);
    expect([1_000, 1_001].map((uid) => loaded.callable(caller(uid), 'disk.usage'))).toEqual([true, false]);
    expect(() => named({}, toor)).toThrow(/toor.*no such user/);
    expect(named({ toor: 1_001 }, toor).callable(caller(1_000), 'disk.usage')).toBe(false);
  });
});
