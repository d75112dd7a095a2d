import { describe, expect, test } from 'vitest';
import type { Caller } from '../../../src/shared/caller.ts';
import type { JsonObject } from '../../../src/shared/json-value.ts';
import { authorise, caller, load } from './fixtures.ts';

/** Title, policy text, caller, method, params, whether `callable`, and the ids that permit or else null, and errors. */
interface Row {
  readonly title: string;
  readonly policy: string;
  readonly who?: Partial<Caller>;
  readonly method?: string;
  readonly params?: JsonObject;
  readonly callable: boolean;
  readonly permitted: boolean;
  readonly by?: readonly string[];
  readonly errors?: number;
}

const everyone = '@id("all") permit(principal, action, resource);';
const systemUnit = { unit: { manager: 'system', name: 'backup.service' } } as const;
const userUnit = { unit: { manager: 'user', name: 'backup.service' } } as const;
const fortyGroups = Array.from({ length: 40 }, (_, index) => 5000 + index);
const underSrv = `@id("srv") permit(principal, action in Action::"disk", resource)
  when { context.params.path like "/srv/*" };`;

/** Cedar's integers have 64 bits: all that a policy whose types are right can still err by. */
const OVERFLOWS = 'context.params.depth * 9223372036854775807 > 1';

function permit(principal: string, action = 'action', resource = 'resource'): string {
  return `@id("p") permit(${principal}, ${action}, ${resource});`;
}

const yes = { callable: true, permitted: true };
const no = { callable: false, permitted: false };

const rows: readonly Row[] = [
  { title: 'an empty policy set denies (Z1)', policy: '', ...no, by: [] },
  { title: 'a policy set of comments denies (Z1)', policy: '// nothing', ...no, by: [] },
  { title: 'an empty policy set denies root (invariant 1, Z10)', policy: '', who: { uid: 0, gid: 0 }, ...no },
  {
    title: 'a permit for another uid does not cover root (Z10)',
    policy: permit('principal == Uid::"1000"'),
    who: { uid: 0 },
    ...no,
  },
  {
    title: 'a forbid stops root (Z10)',
    policy: `${everyone}@id("f") forbid(principal == Uid::"0", action, resource);`,
    who: { uid: 0 },
    ...no,
    by: ['f'],
  },
  { title: 'a permit for everything permits', policy: everyone, ...yes, by: ['all'] },
  {
    title: 'a policy without @id is named by file and number',
    policy: `permit(principal == Uid::"7", action, resource);permit(principal, action, resource);`,
    ...yes,
    by: ['test.cedar:2'],
  },
  {
    title: 'all permits that decide are named',
    policy: `${everyone}${permit('principal in User::"bob"')}`,
    ...yes,
    by: ['all', 'p'],
  },
  {
    title: 'forbid wins over permit',
    policy: `${everyone}@id("f") forbid(principal, action == Action::"disk.usage", resource);`,
    ...no,
    by: ['f'],
  },
  {
    title: 'a forbid for another method does not count',
    policy: `${everyone}@id("f") forbid(principal, action == Action::"disk.largest", resource);`,
    ...yes,
    by: ['all'],
  },
  {
    title: 'a forbid on a group stops a caller whose unit is permitted',
    policy: `${permit('principal in Unit::"backup.service"')}@id("f") forbid(principal in Group::"ops", action, resource);`,
    who: { ...systemUnit, groups: [27] },
    ...no,
    by: ['f'],
  },
  { title: 'a uid is matched by ==', policy: permit('principal == Uid::"1000"'), ...yes },
  { title: 'a uid is matched by in', policy: permit('principal in Uid::"1000"'), ...yes },
  { title: 'another uid is not matched', policy: permit('principal == Uid::"1001"'), ...no },
  {
    title: 'a gid is not a uid',
    policy: permit('principal == Uid::"27"'),
    who: { gid: 27, groups: [27] },
    ...no,
  },
  { title: 'a user is matched by name', policy: permit('principal in User::"bob"'), ...yes },
  { title: 'another user is not matched', policy: permit('principal in User::"eve"'), ...no },
  {
    title: 'both names of one uid are matched',
    policy: permit('principal in User::"toor"'),
    who: { uid: 0 },
    ...yes,
  },
  { title: 'a user named 1000 is not uid 1000', policy: permit('principal in User::"1000"'), ...no },
  {
    title: 'a user named 1000 is matched by that name',
    policy: permit('principal in User::"1000"'),
    who: { uid: 2000 },
    ...yes,
  },
  {
    title: 'uid 1000 is not the uid of the user named 1000',
    policy: permit('principal == Uid::"1000"'),
    who: { uid: 2000 },
    ...no,
  },
  {
    title: 'a uid with no name is matched by nothing but its number',
    policy: `${permit('principal in User::"bob"')}`,
    who: { uid: 31337 },
    ...no,
  },
  {
    title: 'the primary group is matched by name',
    policy: permit('principal in Group::"ops"'),
    who: { gid: 27 },
    ...yes,
  },
  {
    title: 'a supplementary group is matched by name',
    policy: permit('principal in Group::"ops"'),
    who: { groups: [5, 27] },
    ...yes,
  },
  {
    title: "a group that is not the caller's is not matched",
    policy: permit('principal in Group::"ops"'),
    who: { groups: [28] },
    ...no,
  },
  {
    title: 'a group named bob is not the user bob',
    policy: permit('principal in Group::"bob"'),
    who: { gid: 5 },
    ...no,
  },
  {
    title: 'a supplementary gid is matched',
    policy: permit('principal in Gid::"5000"'),
    who: { groups: [5000] },
    ...yes,
  },
  { title: 'the primary gid is matched', policy: permit('principal in Gid::"27"'), who: { gid: 27 }, ...yes },
  { title: 'a uid is not a gid', policy: permit('principal in Gid::"1000"'), who: { gid: 5 }, ...no },
  {
    title: 'the last of 40 supplementary groups is matched',
    policy: permit('principal in Gid::"5039"'),
    who: { groups: fortyGroups },
    ...yes,
  },
  {
    title: 'a 41st group is not matched',
    policy: permit('principal in Gid::"5040"'),
    who: { groups: fortyGroups },
    ...no,
  },
  {
    title: 'a forbid on one of 40 groups holds',
    policy: `${everyone}@id("f") forbid(principal in Gid::"5020", action, resource);`,
    who: { groups: fortyGroups },
    ...no,
    by: ['f'],
  },
  {
    title: 'a system unit is matched',
    policy: permit('principal in Unit::"backup.service"'),
    who: systemUnit,
    ...yes,
  },
  {
    title: 'a user unit of the same name is no system unit',
    policy: permit('principal in Unit::"backup.service"'),
    who: userUnit,
    ...no,
  },
  {
    title: 'a user unit is matched by its own type',
    policy: permit('principal in UserUnit::"backup.service"'),
    who: userUnit,
    ...yes,
  },
  {
    title: 'a system unit is no user unit',
    policy: permit('principal in UserUnit::"backup.service"'),
    who: systemUnit,
    ...no,
  },
  {
    title: 'a caller in no unit is matched by none',
    policy: permit('principal in Unit::"backup.service"'),
    ...no,
  },
  { title: 'is Uid matches everyone', policy: permit('principal is Uid'), ...yes },
  {
    title: 'is Uid in a group matches that group',
    policy: permit('principal is Uid in Group::"ops"'),
    ...no,
  },
  {
    title: "a driver's action covers its method",
    policy: permit('principal', 'action in Action::"disk"'),
    ...yes,
  },
  {
    title: "a driver's action does not cover another driver",
    policy: permit('principal', 'action in Action::"host"'),
    ...no,
  },
  { title: 'call covers every driver', policy: permit('principal', 'action in Action::"call"'), ...yes },
  {
    title: 'call does not cover a built-in method (Z7)',
    policy: permit('principal', 'action in Action::"call"'),
    method: 'rpc.status',
    ...no,
  },
  {
    title: 'rpc covers a built-in method',
    policy: permit('principal', 'action in Action::"rpc"'),
    method: 'rpc.status',
    ...yes,
  },
  { title: 'rpc does not cover a driver', policy: permit('principal', 'action in Action::"rpc"'), ...no },
  {
    title: 'one built-in method does not cover another (Z7)',
    policy: permit('principal', 'action == Action::"rpc.status"'),
    method: 'rpc.reload',
    ...no,
  },
  {
    title: 'a list of actions covers each of them',
    policy: permit('principal', 'action in [Action::"host", Action::"disk.usage"]'),
    ...yes,
  },
  {
    title: 'a list of actions covers no other',
    policy: permit('principal', 'action in [Action::"host", Action::"disk.usage"]'),
    method: 'disk.largest',
    ...no,
  },
  {
    title: 'a tag covers a method that has it',
    policy: permit('principal', 'action in Action::"tag:slow"'),
    method: 'disk.largest',
    ...yes,
  },
  {
    title: 'a tag does not cover a method without it',
    policy: permit('principal', 'action in Action::"tag:slow"'),
    ...no,
  },
  {
    title: 'a resource that is the method is matched',
    policy: permit('principal', 'action', 'resource == Method::"disk.usage"'),
    ...yes,
  },
  {
    title: 'a resource that is another method is not',
    policy: permit('principal', 'action', 'resource == Method::"disk.largest"'),
    ...no,
  },
  {
    title: 'a resource in a driver is matched',
    policy: permit('principal', 'action', 'resource in Driver::"disk"'),
    ...yes,
  },
  {
    title: 'a resource in another driver is not',
    policy: permit('principal', 'action', 'resource is Method in Driver::"host"'),
    ...no,
  },
  {
    title: 'params that meet the condition are permitted',
    policy: underSrv,
    params: { path: '/srv/a' },
    ...yes,
    by: ['srv'],
  },
  {
    title: 'params that do not meet it are denied, though the method is callable',
    policy: underSrv,
    params: { path: '/etc' },
    callable: true,
    permitted: false,
    by: [],
  },
  {
    title: 'a permit that cannot be evaluated denies',
    policy: `@id("srv") permit(principal, action, resource) when { ${OVERFLOWS} };`,
    params: { depth: 2 },
    callable: true,
    permitted: false,
    by: ['srv'],
    errors: 1,
  },
  {
    title: 'a permit that cannot be evaluated denies also what another permits (Z2)',
    policy: `@id("srv") permit(principal, action, resource) when { ${OVERFLOWS} };${everyone}`,
    params: { depth: 2 },
    callable: true,
    permitted: false,
    by: ['srv'],
    errors: 1,
  },
  {
    title: 'a forbid that cannot be evaluated denies (Z2)',
    policy: `${everyone}@id("f") forbid(principal, action, resource) when { ${OVERFLOWS} };`,
    params: { depth: 2 },
    callable: true,
    permitted: false,
    by: ['f'],
    errors: 1,
  },
  {
    title: 'a conditional forbid leaves the method callable',
    policy: `${everyone}@id("f") forbid(principal, action, resource) when { context.params.depth > 5 };`,
    params: { depth: 6 },
    callable: true,
    permitted: false,
    by: ['f'],
  },
  {
    title: 'a conditional forbid that does not hold permits',
    policy: `${everyone}@id("f") forbid(principal, action, resource) when { context.params.depth > 5 };`,
    params: { depth: 5 },
    ...yes,
    by: ['all'],
  },
  {
    title: 'unless is a condition too',
    policy: '@id("p") permit(principal, action, resource) unless { principal in Group::"ops" };',
    who: { groups: [27] },
    callable: true,
    permitted: false,
    by: [],
  },
  {
    title: "a condition on a group is judged by the caller's groups",
    policy:
      '@id("p") permit(principal, action, resource) when { principal in [Group::"storage", Group::"ops"] };',
    who: { groups: [27] },
    ...yes,
  },
  {
    title: "a condition on the method's marks is judged",
    policy:
      '@id("p") permit(principal, action, resource) when { resource.idempotent && !resource.destructive && resource.tags.contains("storage") };',
    ...yes,
  },
  {
    title: "a condition on the method's marks denies",
    policy: '@id("p") permit(principal, action, resource) when { resource.idempotent };',
    method: 'disk.largest',
    callable: true,
    permitted: false,
    by: [],
  },
  {
    title: 'a condition on the driver is judged',
    policy:
      '@id("p") permit(principal, action, resource) when { resource in Driver::"disk" && action in Action::"tag:storage" };',
    ...yes,
  },
  {
    title: 'a permit for everything does not cover a destructive method',
    policy: everyone,
    method: 'snapshot.remove',
    ...no,
  },
  {
    title: 'a permit for the driver does not cover its destructive method',
    policy: permit('principal', 'action in Action::"snapshot"'),
    method: 'snapshot.remove',
    ...no,
  },
  {
    title: 'a permit for the resource alone does not cover a destructive method',
    policy: permit('principal', 'action', 'resource == Method::"snapshot.remove"'),
    method: 'snapshot.remove',
    ...no,
  },
  {
    title: 'a permit that names the destructive method only in a condition does not cover it',
    policy: '@id("p") permit(principal, action, resource) when { action == Action::"snapshot.remove" };',
    method: 'snapshot.remove',
    ...no,
  },
  {
    title: 'a permit that names the destructive method covers it',
    policy: permit('principal', 'action == Action::"snapshot.remove"'),
    method: 'snapshot.remove',
    ...yes,
  },
  {
    title: 'a permit that names its tag covers it',
    policy: permit('principal', 'action in [Action::"snapshot", Action::"tag:cleanup"]'),
    method: 'snapshot.remove',
    ...yes,
  },
  {
    title: 'a blanket forbid stops a destructive method that is named',
    policy: `${permit('principal', 'action == Action::"snapshot.remove"')}@id("f") forbid(principal, action in Action::"call", resource);`,
    method: 'snapshot.remove',
    ...no,
    by: ['f'],
  },
  {
    title: 'a role has its users',
    policy: permit('principal in Role::"people"'),
    ...yes,
  },
  {
    title: 'a role has members of its groups',
    policy: permit('principal in Role::"people"'),
    who: { uid: 7, groups: [30] },
    ...yes,
  },
  {
    title: 'a role has no others',
    policy: permit('principal in Role::"people"'),
    who: { uid: 7, groups: [27] },
    ...no,
  },
  {
    title: 'a role has its system units',
    policy: permit('principal in Role::"machines"'),
    who: { uid: 7, ...systemUnit },
    ...yes,
  },
  {
    title: 'a role has no units of a user of that name',
    policy: permit('principal in Role::"machines"'),
    who: { uid: 7, ...userUnit },
    ...no,
  },
  {
    title: 'a role of nobody has nobody',
    policy: permit('principal in Role::"nobody"'),
    who: { uid: 0, groups: [27, 30] },
    ...no,
  },
  {
    title: 'a forbid on a role stops its members whatever else permits them',
    policy: `${everyone}@id("f") forbid(principal in Role::"people", action, resource);`,
    ...no,
    by: ['f'],
  },
  {
    title: 'a method that does not exist is denied under a permit for everything',
    policy: everyone,
    method: 'disk.nothing',
    ...no,
    by: [],
  },
];

describe('a decision', () => {
  test.each(rows)('$title', (row) => {
    const policy = load(row.policy);
    const who = caller(row.who);
    const name = row.method ?? 'disk.usage';
    expect(policy.callable(who, name)).toBe(row.callable);
    const decision = authorise(policy, who, name, row.params);
    const by = row.by ?? (row.permitted ? ['p'] : []);
    expect(decision).toEqual({ permitted: row.permitted, policies: by, errors: row.errors ?? 0 });
    expect(authorise(policy, caller(row.who), name, row.params)).toEqual(decision);
    policy.release();
  });
});

describe('decisions that follow each other', () => {
  test('are made for each call of a batch by its own params (J16)', () => {
    const policy = load(underSrv);
    const who = caller();
    const decided = ['/srv/a', '/etc', '/srv/a'].map(
      (path) => authorise(policy, who, 'disk.usage', { path }).permitted,
    );
    expect(decided).toEqual([true, false, true]);
    policy.release();
  });

  test('are not shared between identities', () => {
    const policy = load(permit('principal in Group::"ops"'));
    const decided = [[27], [], [27]].map(
      (groups) => authorise(policy, caller({ groups }), 'disk.usage', {}).permitted,
    );
    expect(decided).toEqual([true, false, true]);
    policy.release();
  });

  test('are not shared between a unit and a user unit of one name', () => {
    const policy = load(permit('principal in Unit::"backup.service"'));
    expect(policy.callable(caller(systemUnit), 'disk.usage')).toBe(true);
    expect(policy.callable(caller(userUnit), 'disk.usage')).toBe(false);
    policy.release();
  });

  test("are not shared between policies loaded one after the other, also where Cedar's sets are used again", () => {
    const first = load(permit('principal in User::"bob"'));
    expect(authorise(first, caller(), 'disk.usage', {}).permitted).toBe(true);
    first.release();
    const second = load(permit('principal in User::"eve"'));
    const third = load(permit('principal in User::"bob"'));
    expect(authorise(second, caller(), 'disk.usage', {}).permitted).toBe(false);
    expect(authorise(third, caller(), 'disk.usage', {}).permitted).toBe(true);
    second.release();
    third.release();
  });
});
