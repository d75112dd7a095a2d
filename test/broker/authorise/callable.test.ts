import { isAuthorized, policyToJson } from '@cedar-policy/cedar-wasm/nodejs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { actionIds, createCatalogue } from '../../../src/broker/authorise/catalogue.ts';
import { appliesTo } from '../../../src/broker/authorise/coverage.ts';
import { parsePolicies } from '../../../src/broker/authorise/parse.ts';
import { PolicyError } from '../../../src/broker/authorise/policy.ts';
import type { Caller } from '../../../src/shared/caller.ts';
import { authorise, caller, load, METHODS, method, NAMES, ROLES } from './fixtures.ts';

const principals = [
  'principal',
  'principal == Uid::"1000"',
  'principal in Uid::"1001"',
  'principal in User::"bob"',
  'principal in Group::"ops"',
  'principal in Gid::"30"',
  'principal is Uid in Group::"storage"',
  'principal in Unit::"a.service"',
];
const actions = [
  'action',
  'action in Action::"call"',
  'action in Action::"rpc"',
  'action in Action::"disk"',
  'action == Action::"disk.usage"',
  'action == Action::"snapshot.remove"',
  'action in Action::"tag:storage"',
  'action in [Action::"host", Action::"tag:cleanup"]',
];
const resources = [
  'resource',
  'resource is Method',
  'resource in Driver::"disk"',
  'resource == Method::"disk.usage"',
];
const conditions = ['', '', ' when { context.params.depth == 1 }', ' unless { false }'];

/** Scopes whose action and resource exclude each other are refused at load. */
function canLoad(text: string): boolean {
  try {
    load(text).release();
    return true;
  } catch (error) {
    if (error instanceof PolicyError && error.reason.startsWith('its scope can never match')) return false;
    throw error;
  }
}

const scope = fc
  .record({
    effect: fc.constantFrom('permit', 'permit', 'forbid'),
    principal: fc.constantFrom(...principals),
    action: fc.constantFrom(...actions),
    resource: fc.constantFrom(...resources),
    condition: fc.constantFrom(...conditions),
  })
  .map((one) => `${one.effect}(${one.principal}, ${one.action}, ${one.resource})${one.condition};`)
  .filter(canLoad);

const callers: fc.Arbitrary<Caller> = fc.record({
  uid: fc.constantFrom(0, 1000, 1001),
  gid: fc.constantFrom(5, 27, 30),
  groups: fc.subarray([27, 30, 31]),
  pid: fc.constant(1),
  unit: fc.constantFrom(
    null,
    { manager: 'system' as const, name: 'a.service' },
    { manager: 'user' as const, name: 'a.service' },
  ),
  container: fc.constant(null),
  loginUid: fc.constant(null),
  loginSession: fc.constant(null),
  pidProven: fc.constant(true),
});

/** What Cedar itself says of the policies with permits' conditions emptied and conditional forbids left out. */
function cedarSays(texts: readonly string[], who: Caller, name: string): boolean {
  const target = METHODS.find((one) => one.name === name);
  if (target === undefined) throw new Error(`Cannot ask about ${name}: it is not in the fixtures`);
  const catalogue = createCatalogue(METHODS);
  const file = { file: 'oracle.cedar', text: texts.join('\n') };
  const kept = parsePolicies([file], { catalogue, names: NAMES, roles: ROLES, unitsProvable: true })
    .filter((policy) => !(policy.effect === 'forbid' && policy.conditions.present))
    .filter((policy) => policy.effect === 'forbid' || !target.destructive || appliesTo(policy, target));
  const emptied = kept.map((policy) => {
    const answer = policyToJson(policy.text);
    if (answer.type === 'failure') throw new Error('Cannot read a policy: Cedar refuses it');
    return { ...answer.json, conditions: [] };
  });
  const named = (names: ReadonlyMap<string, number>, number: number) =>
    [...names].filter(([, known]) => known === number).map(([text]) => text);
  const gids = [who.gid, ...who.groups];
  const unitType = who.unit?.manager === 'system' ? 'Unit' : 'UserUnit';
  const answer = isAuthorized({
    principal: { type: 'Uid', id: String(who.uid) },
    action: { type: 'Action', id: name },
    resource: { type: 'Method', id: name },
    context: {},
    policies: { staticPolicies: Object.fromEntries(emptied.map((policy, index) => [String(index), policy])) },
    entities: [
      {
        uid: { type: 'Uid', id: String(who.uid) },
        attrs: {},
        parents: [
          ...named(NAMES.users, who.uid).map((id) => ({ type: 'User', id })),
          ...gids.map((gid) => ({ type: 'Gid', id: String(gid) })),
          ...gids.flatMap((gid) => named(NAMES.groups, gid)).map((id) => ({ type: 'Group', id })),
          ...(who.unit === null ? [] : [{ type: unitType, id: who.unit.name }]),
        ],
      },
      {
        uid: { type: 'Action', id: name },
        attrs: {},
        parents: actionIds(target)
          .slice(1)
          .map((id) => ({ type: 'Action', id })),
      },
      { uid: { type: 'Method', id: name }, attrs: {}, parents: [{ type: 'Driver', id: target.driver }] },
    ],
  });
  return answer.type === 'success' && answer.response.decision === 'allow';
}

describe('callable', () => {
  test('says what Cedar says of the same policies with their conditions emptied', () => {
    const cases = fc.tuple(
      fc.array(scope, { maxLength: 6 }),
      callers,
      fc.constantFrom(...METHODS.map((one) => one.name)),
    );
    fc.assert(
      fc.property(cases, ([texts, who, name]) => {
        const policy = load(texts.join('\n'));
        expect(policy.callable(who, name)).toBe(cedarSays(texts, who, name));
        policy.release();
      }),
      { numRuns: 500 },
    );
  });

  test('is never false where the whole policy permits', () => {
    const cases = fc.tuple(
      fc.array(scope, { maxLength: 6 }),
      callers,
      fc.constantFrom(...METHODS.map((one) => one.name)),
    );
    fc.assert(
      fc.property(cases, fc.constantFrom({}, { depth: 1 }, { depth: 2 }), ([texts, who, name], params) => {
        const policy = load(texts.join('\n'));
        if (authorise(policy, who, name, params).permitted) expect(policy.callable(who, name)).toBe(true);
        policy.release();
      }),
      { numRuns: 500 },
    );
  });

  const strange = [
    '',
    '.',
    'disk',
    'disk.',
    '.usage',
    'disk.usage ',
    ' disk.usage',
    'disk.usage\0',
    'Disk.usage',
    'disk.Usage',
    'dısk.usage',
    'disk．usage',
    'disk/usage',
    '../disk.usage',
    'disk..usage',
    'disk.usage.x',
    'rpc.',
    'rpc',
    'call',
    'call.x',
    'tag:storage',
    'Action::"disk.usage"',
    'constructor',
    '__proto__',
    'toString',
    'hasOwnProperty',
    '__proto__.x',
    'disk.__proto__',
    'disk.constructor',
    '*',
    'disk.*',
    'a'.repeat(1_048_576),
    `disk.${'a'.repeat(1_048_576)}`,
  ];
  test('is false for strange method names, and nothing throws (J17, Z6)', () => {
    const policy = load('permit(principal, action, resource);');
    for (const name of strange) {
      for (const _again of [1, 2]) {
        expect(policy.callable(caller({ uid: 0 }), name)).toBe(false);
        expect(authorise(policy, caller({ uid: 0 }), name, {})).toEqual({
          permitted: false,
          policies: [],
          errors: 0,
        });
        expect(typeof policy.coversDriver(caller(), name)).toBe('boolean');
      }
    }
    policy.release();
  });
});

describe('coversDriver', () => {
  const named = 'permit(principal, action == Action::"snapshot.remove", resource);';
  const rows: readonly (readonly [string, string, string, boolean])[] = [
    ['nothing without a policy', '', 'disk', false],
    ['a driver by its action', 'permit(principal, action in Action::"disk", resource);', 'disk', true],
    ['no other driver by that', 'permit(principal, action in Action::"disk", resource);', 'host', false],
    [
      'no driver that does not exist by that',
      'permit(principal, action in Action::"disk", resource);',
      'nothing',
      false,
    ],
    ['a driver by its resource', 'permit(principal, action, resource in Driver::"disk");', 'disk', true],
    [
      'a driver by a list',
      'permit(principal, action in [Action::"host", Action::"disk"], resource);',
      'disk',
      true,
    ],
    [
      'no driver by one of its methods',
      'permit(principal, action == Action::"host.info", resource);',
      'host',
      false,
    ],
    [
      'no driver by a tag that all its methods have',
      'permit(principal, action in Action::"tag:storage", resource);',
      'disk',
      false,
    ],
    [
      'no driver by one of its resources',
      'permit(principal, action, resource == Method::"host.info");',
      'host',
      false,
    ],
    [
      'no driver on a condition',
      'permit(principal, action in Action::"disk", resource) when { context.params has x };',
      'disk',
      false,
    ],
    [
      'no driver for somebody else',
      'permit(principal in User::"eve", action in Action::"disk", resource);',
      'disk',
      false,
    ],
    [
      'a driver although params may be forbidden',
      'permit(principal, action in Action::"disk", resource);forbid(principal, action, resource) when { context.params.depth == 1 };',
      'disk',
      true,
    ],
    [
      'no driver of which a method is forbidden',
      'permit(principal, action in Action::"disk", resource);forbid(principal, action == Action::"disk.largest", resource);',
      'disk',
      false,
    ],
    [
      'no driver whose destructive method is not named',
      'permit(principal, action in Action::"call", resource);',
      'snapshot',
      false,
    ],
    [
      'a driver whose destructive method is named too',
      `permit(principal, action in Action::"call", resource);${named}`,
      'snapshot',
      true,
    ],
    [
      'a driver that does not exist by call',
      `permit(principal, action in Action::"call", resource);${named}`,
      'nothing',
      true,
    ],
    [
      'a driver that does not exist by everything',
      `permit(principal, action, resource);${named}`,
      'nothing',
      true,
    ],
    [
      'no driver that does not exist where one that does is forbidden',
      `permit(principal, action, resource);${named}forbid(principal, action in Action::"host", resource);`,
      'nothing',
      false,
    ],
    [
      'no driver that does not exist by all drivers one by one',
      `permit(principal, action in [Action::"disk", Action::"host", Action::"snapshot"], resource);${named}`,
      'nothing',
      false,
    ],
    ['rpc by rpc', 'permit(principal, action in Action::"rpc", resource);', 'rpc', true],
    ['not rpc by call', `permit(principal, action in Action::"call", resource);${named}`, 'rpc', false],
    [
      'no driver that does not exist by rpc',
      'permit(principal, action in Action::"rpc", resource);',
      'nothing',
      false,
    ],
  ];
  test.each(rows)('covers %s', (_what, text, driver, covered) => {
    const policy = load(text);
    expect(policy.coversDriver(caller(), driver)).toBe(covered);
    expect(policy.coversDriver(caller(), driver)).toBe(covered);
    policy.release();
  });

  test('where it holds, no method of that driver is refused as one that may not be called', () => {
    const policy = load(`permit(principal, action in Action::"call", resource);${named}`, [
      ...METHODS,
      method('x.y'),
    ]);
    for (const one of METHODS.filter((each) => each.driver !== 'rpc')) {
      expect(policy.coversDriver(caller(), one.driver)).toBe(true);
      expect(policy.callable(caller(), one.name)).toBe(true);
    }
    policy.release();
  });
});
