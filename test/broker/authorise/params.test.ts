import { describe, expect, test } from 'vitest';
import { PARAMS_DEPTH } from '../../../src/broker/authorise/policy-limits.ts';
import type { JsonObject, JsonValue } from '../../../src/shared/json-value.ts';
import { caller, load } from './fixtures.ts';

function decide(condition: string, params: JsonObject) {
  const policy = load(`permit(principal, action, resource) when { ${condition} };`);
  const decision = policy.authorise(caller(), 'disk.usage', params);
  policy.release();
  return decision;
}

const NOT_JUDGED = { permitted: false, policies: [], errors: 1 };

function nested(levels: number, wrap: (inner: JsonValue) => JsonValue): JsonValue {
  let value: JsonValue = 1;
  for (let level = 0; level < levels; level += 1) value = wrap(value);
  return value;
}

describe('params as policies see them', () => {
  const seen: readonly (readonly [string, string, JsonObject])[] = [
    ['a string is itself', 'context.params.x == "a"', { x: 'a' }],
    ['an integer is a Long', 'context.params.x == -3', { x: -3 }],
    ['minus zero is zero', 'context.params.x == 0', { x: -0 }],
    ['the largest exact integer is a Long', 'context.params.x == 9007199254740991', { x: 2 ** 53 - 1 }],
    ['an integer beyond is a string', 'context.params.x == "9007199254740992"', { x: 2 ** 53 }],
    ['an integer outside 64 bits is a string', 'context.params.x == "1e+21"', { x: 1e21 }],
    ['a fraction is a string', 'context.params.x == "1.5"', { x: 1.5 }],
    ['a boolean is itself', 'context.params.x', { x: true }],
    ['a null member is left out', '!(context.params has x) && context.params.y == 1', { x: null, y: 1 }],
    ['a null element is left out', 'context.params.x == [1]', { x: [1, null] }],
    ['an array is a set', 'context.params.x == [2, 1] && context.params.x.contains(1)', { x: [1, 2, 1] }],
    ['an object is a record', 'context.params.x.y.z == "a"', { x: { y: { z: 'a' } } }],
    ['a NUL is kept', 'context.params.x == "a\\0"', { x: 'a\0' }],
    [
      'a key __proto__ is a key like others',
      'context.params["__proto__"] == 1',
      JSON.parse('{"__proto__":1}'),
    ],
    ['a key toJSON is a key like others', 'context.params.toJSON == 1', { toJSON: 1 }],
    [
      'type and id make no entity',
      'context.params.x has type && context.params.x != User::"bob"',
      { x: { type: 'User', id: 'bob' } },
    ],
  ];
  test.each(seen)('%s', (_what, condition, params) => {
    expect(decide(condition, params)).toMatchObject({ permitted: true, errors: 0 });
  });

  const entity = { type: 'User', id: 'bob' };
  const escapes: readonly (readonly [string, JsonObject])[] = [
    ['__entity', { x: { __entity: entity } }],
    ['__entity as the params themselves', { __entity: entity }],
    ['__entity beside other keys', { x: { __entity: entity, y: 1 } }],
    ['__entity deep in arrays', { x: [1, [{ y: [{ __entity: entity }] }]] }],
    ['__entity that is null', { x: { __entity: null } }],
    ['__extn', { x: { __extn: { fn: 'ip', arg: '127.0.0.1' } } }],
    ['__expr', { x: { __expr: 'User::"bob"' } }],
  ];
  test.each(escapes)("a caller cannot write Cedar's own escape %s: the call is denied", (_what, params) => {
    expect(decide('true', params)).toEqual(NOT_JUDGED);
    expect(decide('context.params has x || true', params)).toEqual(NOT_JUDGED);
    expect(decide('context.params.x == User::"bob"', params)).toEqual(NOT_JUDGED);
  });

  test('a string or key that is not well-formed Unicode is denied, since Cedar would see another one (invariant 4)', () => {
    expect(decide('context.params has x || true', { x: 'a\ud800' })).toEqual(NOT_JUDGED);
    expect(decide('context.params has x || true', { 'a\udfff': 1 })).toEqual(NOT_JUDGED);
    expect(decide('context.params.x == "\u{1f600}"', { x: '\u{1f600}' }).permitted).toBe(true);
  });

  test('nesting up to the limit is judged and deeper nesting denied (invariant 14)', () => {
    for (const wrap of [(inner: JsonValue) => [inner], (inner: JsonValue) => ({ a: inner })]) {
      const readable = { x: nested(PARAMS_DEPTH - 1, wrap) };
      const deeper = { x: nested(PARAMS_DEPTH, wrap) };
      const deepest = { x: nested(5000, wrap) };
      expect(decide('context.params has x', readable).permitted).toBe(true);
      expect(decide('context.params == context.params', readable).permitted).toBe(true);
      expect(decide('context.params has x', deeper)).toEqual(NOT_JUDGED);
      expect(decide('context.params has x', deepest)).toEqual(NOT_JUDGED);
    }
  });

  test('a mebibyte in one string and 10,000 keys are judged', () => {
    expect(decide('context.params.x like "a*b"', { x: `${'a'.repeat(1_048_576)}b` }).permitted).toBe(true);
    const keys = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`k${index}`, index]));
    expect(decide('context.params.k9999 == 9999', keys).permitted).toBe(true);
  });
});
