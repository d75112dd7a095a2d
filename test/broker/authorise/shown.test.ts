import { type AuthorizationAnswer, isAuthorized } from '@cedar-policy/cedar-wasm/nodejs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCatalogue } from '../../../src/broker/authorise/catalogue.ts';
import { methodEntities } from '../../../src/broker/authorise/decide.ts';
import { createIdentities } from '../../../src/broker/authorise/identity.ts';
import { parsePolicies } from '../../../src/broker/authorise/parse.ts';
import { createRoles } from '../../../src/broker/authorise/roles.ts';
import { type Looked, lookedAt, shown } from '../../../src/broker/authorise/shown.ts';
import type { Caller } from '../../../src/shared/caller.ts';
import type { JsonObject } from '../../../src/shared/json-value.ts';
import { rounds } from '../../support/rounds.ts';
import { CIRCUMSTANCES, caller, load, METHODS, method, NAMES, ROLES } from './fixtures.ts';

const vocabulary = {
  catalogue: createCatalogue(METHODS),
  ...{ names: NAMES, roles: ROLES, unitsProvable: true },
};

function look(condition: string): Looked {
  const text = `permit(principal, action, resource) when { ${condition} };`;
  return lookedAt(parsePolicies([{ file: 'test.cedar', text }], vocabulary));
}

describe('of the params policies are shown', () => {
  const rows: readonly (readonly [string, readonly string[] | null])[] = [
    ['true', []],
    ['context has params', []],
    ['context.params.path == "/"', ['path']],
    ['context["params"]["depth"] == 1', ['depth']],
    ['context.params has x && context.params.x == 1', ['x']],
    ['if context.params.depth == 1 then context.params.path == "" else false', ['depth', 'path']],
    ['[context.params.path].contains("a")', ['path']],
    ['context.params == context.params', null],
    ['(if true then context.params else context.params).depth == 1', null],
    ['(if true then context else context).params.depth == 1', null],
    ['context == context', null],
  ];
  test.each(rows)('what they look at: %s', (condition, expected) => {
    const { params } = look(condition);
    expect(params === null ? null : [...params].toSorted()).toEqual(expected);
  });
});

describe('of entities policies are shown', () => {
  const { action, resource } = methodEntities(method('disk.usage', { tags: ['storage'] }));
  const seen = (condition: string): unknown => shown([action, resource], look(condition));

  test('none where they look at none', () => {
    expect(seen('context.params.depth == 1')).toEqual([]);
  });

  test('the attributes that they look at, by whatever way', () => {
    const only = { uid: resource.uid, attrs: { destructive: false }, parents: [] };
    expect(seen('resource.destructive')).toEqual([only]);
    expect(seen('resource has destructive')).toEqual([only]);
    expect(seen('(if context.params.depth == 1 then resource else resource).destructive')).toEqual([only]);
  });

  test('the parents that they name, alone or in a set', () => {
    const inDriver = { uid: resource.uid, attrs: {}, parents: resource.parents };
    expect(seen('resource in Driver::"disk"')).toEqual([inDriver]);
    expect(seen('resource is Method in Driver::"disk"')).toEqual([inDriver]);
    expect(seen('action in [Action::"tag:storage", Action::"rpc"]')).toEqual([
      { uid: action.uid, attrs: {}, parents: [{ type: 'Action', id: 'tag:storage' }] },
    ]);
  });
});

const policies = fc.record({
  effect: fc.constantFrom('permit', 'permit', 'forbid'),
  principal: fc.constantFrom(
    ...['principal', 'principal == Uid::"1000"', 'principal in Group::"ops"', 'principal in Role::"people"'],
    'principal is Uid in User::"bob"',
  ),
  action: fc.constantFrom(
    ...['action', 'action in Action::"call"', 'action == Action::"disk.usage"', 'action in Action::"disk"'],
    'action in [Action::"tag:storage", Action::"tag:cleanup", Action::"rpc.status"]',
  ),
  resource: fc.constantFrom('resource', 'resource in Driver::"disk"', 'resource == Method::"disk.usage"'),
  condition: fc.constantFrom(
    ...['true', 'context.params.depth == 1', 'context.params has x && context.params.x > 0'],
    ...['context.params.path like "/srv/*"', 'context.params == context.params', 'context has params'],
    ...['resource.destructive', 'resource.tags.contains("slow")', 'resource has capabilities'],
    ...['resource in Driver::"snapshot"', 'principal in [Gid::"30", Gid::"27"]'],
    ...[
      'action in Action::"tag:storage"',
      '(if resource.idempotent then principal else principal) in Gid::"27"',
    ],
    // An error where depth is large.
    'context.params.depth * 9007199254740991 > 0',
  ),
});
const callers: fc.Arbitrary<Caller> = fc
  .record({
    uid: fc.constantFrom(0, 1000, 1001),
    gid: fc.constantFrom(27, 30, 99),
    groups: fc.subarray([27, 30]),
  })
  .map(caller);
const params: fc.Arbitrary<JsonObject> = fc
  .record({
    path: fc.constantFrom('/', '/srv/1'),
    depth: fc.constantFrom(0, 1, 1 << 20),
    x: fc.constantFrom(0, 1),
  })
  .map((all): JsonObject => all);

/** Cedar's own answer to the whole set, shown all that there is of a call. */
function shownAll(text: string, who: Caller, name: string, given: JsonObject): AuthorizationAnswer {
  const parsed = parsePolicies([{ file: 'test.cedar', text }], vocabulary);
  const named = new Set(
    parsed.flatMap(({ scope, conditions }) => [...conditions.entities, scope.principal ?? '']),
  );
  const { entity } = createIdentities(NAMES, createRoles(NAMES, ROLES), named, true)(who);
  const asked = METHODS.find((one) => one.name === name) ?? method(name);
  const { action, resource } = methodEntities(asked);
  return isAuthorized({
    ...{ principal: entity.uid, action: action.uid, resource: resource.uid },
    context: { params: { ...given } },
    policies: { staticPolicies: text },
    entities: [entity, action, resource],
  } as Parameters<typeof isAuthorized>[0]);
}

/** Loading a set takes longer than all of these decisions by it. */
const CALLS = 20;

test('a decision is the one that Cedar makes when it is shown everything (invariant 1)', () => {
  // A blanket permit counts for no destructive method, which Cedar does not know.
  const names = METHODS.filter((one) => !one.destructive).map((one) => one.name);
  const sets = fc
    .array(policies, { minLength: 1, maxLength: 5 })
    .map((parts) =>
      parts
        .map(
          (one) =>
            `${one.effect}(${one.principal}, ${one.action}, ${one.resource}) when { ${one.condition} };`,
        )
        .join('\n'),
    );
  const calls = fc.array(fc.tuple(callers, fc.constantFrom(...names), params), {
    ...{ minLength: CALLS, maxLength: CALLS },
  });
  const seen = new Set<string>();
  fc.assert(
    fc.property(sets, calls, (text, asked) => {
      const policy = load(text);
      for (const [who, name, given] of asked) {
        const decision = policy.authorise(who, name, given, CIRCUMSTANCES);
        const answer = shownAll(text, who, name, given);
        if (answer.type === 'failure') throw new Error(answer.errors[0]?.message);
        const { diagnostics, decision: cedar } = answer.response;
        const errors = diagnostics.errors.length;
        expect(decision).toMatchObject({ errors, permitted: cedar === 'allow' && errors === 0 });
        seen.add(errors > 0 ? 'error' : cedar);
      }
      policy.release();
    }),
    { numRuns: rounds('decisions') / CALLS },
  );
  expect([...seen].toSorted()).toEqual(['allow', 'deny', 'error']);
});
