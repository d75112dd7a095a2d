import { describe, expect, test } from 'vitest';
import { paramsType } from '../../../src/broker/authorise/params-type.ts';
import { PARAMS_TYPE_DEPTH } from '../../../src/broker/authorise/policy-limits.ts';
import type { JsonObject, JsonValue } from '../../../src/shared/json-value.ts';
import { CIRCUMSTANCES, caller, load, method } from './fixtures.ts';

/** Schemas of params by name, of a method whose params are all optional. */
type Properties = Readonly<Record<string, JsonValue>>;

function typed(properties: Properties, required: readonly string[] = [], more: JsonObject = {}) {
  return paramsType({ type: 'object', additionalProperties: false, properties, required, ...more });
}

function decide(
  condition: string,
  properties: Properties,
  params: JsonObject,
  required: readonly string[] = [],
) {
  const one = method('disk.usage', { params: typed(properties, required) });
  const policy = load(`permit(principal, action, resource) when { ${condition} };`, [one]);
  const decision = policy.authorise(caller(), 'disk.usage', params, CIRCUMSTANCES);
  policy.release();
  return decision;
}

function refusal(condition: string, properties: Properties, more: JsonObject = {}): string {
  try {
    const one = method('disk.usage', { params: typed(properties, [], more) });
    load(`permit(principal, action, resource) when { ${condition} };`, [one]).release();
  } catch (error) {
    return error instanceof Error ? error.message : 'thrown';
  }
  return 'loaded';
}

const NOT_JUDGED = { permitted: false, policies: [], errors: 1 };
const text = { type: 'string' };
const whole = { type: 'integer' };
const real = { type: 'number' };
const list = (items: JsonObject): JsonObject => ({ type: 'array', items });
const object = (properties: JsonObject): JsonObject => ({ type: 'object', properties });

describe('params as policies see them', () => {
  const seen: readonly (readonly [string, string, JsonObject, JsonValue])[] = [
    ['a string is itself', 'context.params.x == "a"', text, 'a'],
    ['an integer is a Long', 'context.params.x == -3', whole, -3],
    ['minus zero is zero', 'context.params.x == 0', whole, -0],
    ['the largest exact integer is a Long', 'context.params.x == 9007199254740991', whole, 2 ** 53 - 1],
    ['a number is a string', 'context.params.x == "1.5"', real, 1.5],
    ['a number is a string where it is whole too', 'context.params.x == "2"', real, 2],
    ['a number beyond 64 bits is a string', 'context.params.x == "1e+21"', real, 1e21],
    ['a boolean is itself', 'context.params.x', { type: 'boolean' }, true],
    ['a null element is left out', 'context.params.x == [1]', list({ type: ['integer', 'null'] }), [1, null]],
    [
      'an array is a set',
      'context.params.x == [2, 1] && context.params.x.contains(1)',
      list(whole),
      [1, 2, 1],
    ],
    [
      'a tuple of one type is a set',
      'context.params.x == ["a"]',
      { type: 'array', prefixItems: [text], items: false },
      ['a'],
    ],
    [
      'an object is a record',
      'context.params.x has y && context.params.x.y has z && context.params.x.y.z == "a"',
      object({ y: object({ z: text }) }),
      { y: { z: 'a' } },
    ],
    ['a NUL is kept', 'context.params.x == "a\\0"', text, 'a\0'],
    ['an enum has the type of its words', 'context.params.x == "a"', { enum: ['a', 'b', null] }, 'a'],
    ['a const has the type of its value', 'context.params.x == 1', { const: 1 }, 1],
    ['branches that agree have one type', 'context.params.x == "a"', { anyOf: [text, { const: 'b' }] }, 'a'],
    ['what is narrowed keeps its type', 'context.params.x == "a"', { allOf: [{ maxLength: 3 }, text] }, 'a'],
    [
      'a list of strings may hold a user’s name',
      'context.params.x.containsAny(["bob"])',
      list(text),
      ['bob'],
    ],
  ];
  test.each(seen)('%s', (_what, condition, schema, value) => {
    expect(decide(`context.params has x && ${condition}`, { x: schema }, { x: value })).toMatchObject({
      permitted: true,
      errors: 0,
    });
  });

  test('a null member is left out, and is then not there', () => {
    const properties = { x: { type: ['integer', 'null'] }, y: whole };
    expect(
      decide('!(context.params has x) && context.params.y == 1', properties, { x: null, y: 1 }, ['x', 'y']),
    ).toMatchObject({ permitted: true });
  });

  test('a param that the schema requires need not be asked for by has', () => {
    expect(decide('context.params.x == 1', { x: whole }, { x: 1 }, ['x']).permitted).toBe(true);
    expect(refusal('context.params.x == 1', { x: whole })).toContain('optional attribute `params.x`');
  });

  test('a reference within the schema is followed', () => {
    const more = { $defs: { 'a/b': { type: 'integer' } } };
    const properties = { x: { $ref: '#/$defs/a~1b' } };
    expect(refusal('context.params has x && context.params.x == 1', properties, more)).toBe('loaded');
    expect(refusal('context.params has x && context.params.x == "1"', properties, more)).toContain('types');
  });

  const untyped: readonly (readonly [string, JsonObject])[] = [
    ['of two types', { type: ['integer', 'string'] }],
    ['of branches that differ', { oneOf: [text, whole] }],
    ['of an enum of two kinds', { enum: ['a', 1] }],
    ['of a schema that says nothing of its type', { minLength: 1 }],
    ['that refers to itself', { $ref: '#/properties/x' }],
    ['of arrays of anything', { type: 'array' }],
    [
      'that is nested too deep',
      Array.from({ length: PARAMS_TYPE_DEPTH + 1 }).reduce<JsonObject>((inner) => list(inner), text),
    ],
  ];
  test.each(untyped)('a param %s has no type, and a policy that looks at it is refused', (_what, schema) => {
    expect(refusal('context.params has x', { x: schema, y: whole })).toContain('impossible');
    expect(refusal('context.params.x == context.params.x', { x: schema })).toContain('`params.x`');
  });

  const entity = { type: 'User', id: 'bob' };
  test("a caller cannot write Cedar's own escapes", () => {
    const properties = { x: object({ type: text, id: text }), __entity: object({ type: text, id: text }) };
    expect(refusal('context.params has __entity', properties)).toContain('impossible');
    const condition = 'context.params has x && context.params.x has id && context.params.x.id == "bob"';
    expect(decide(condition, properties, { x: entity, __entity: entity }).permitted).toBe(true);
    expect(decide('context.params has x', { x: text }, { x: { __entity: entity } })).toEqual(NOT_JUDGED);
  });

  test('a string that is not well-formed Unicode is denied, since Cedar would see another one (invariant 4)', () => {
    expect(decide('context.params has x', { x: text }, { x: 'a\ud800' })).toEqual(NOT_JUDGED);
    expect(decide('context.params has x', { x: list(text) }, { x: ['a\udfff'] })).toEqual(NOT_JUDGED);
    const smile = 'context.params has x && context.params.x == "\u{1f600}"';
    expect(decide(smile, { x: text }, { x: '\u{1f600}' }).permitted).toBe(true);
  });

  test('an integer that doubles do not hold exactly is denied', () => {
    expect(decide('context.params has x', { x: whole }, { x: 2 ** 53 })).toEqual(NOT_JUDGED);
    expect(decide('context.params has x', { x: whole }, { x: 1e21 })).toEqual(NOT_JUDGED);
  });

  test('a mebibyte in one string and a thousand keys are judged', () => {
    const long = `${'a'.repeat(1_048_576)}b`;
    expect(
      decide('context.params has x && context.params.x like "a*b"', { x: text }, { x: long }).permitted,
    ).toBe(true);
    const names = Array.from({ length: 1000 }, (_, index) => `k${index}`);
    const keys = Object.fromEntries(names.map((name, index) => [name, index]));
    const schemas = Object.fromEntries(names.map((name) => [name, whole]));
    expect(decide('context.params has k999 && context.params.k999 == 999', schemas, keys).permitted).toBe(
      true,
    );
  });
});
