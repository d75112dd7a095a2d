import { expect, test } from 'vitest';
import { compileSchema } from '../../../src/broker/validate/schema.ts';
import type { JsonValue } from '../../../src/shared/json-value.ts';

const params = (properties: unknown, more: object = {}): unknown => ({
  type: 'object',
  additionalProperties: false,
  properties,
  ...more,
});
const compile = (schema: unknown, kind: 'params' | 'result' = 'params') =>
  compileSchema(schema, 'methods.x.params', kind);
const text = (more: object) => params({ a: { type: 'string', ...more } });

test.each<[string, unknown]>([
  ['a pattern that is not anchored (S8)', text({ pattern: 'abc' })],
  ['a pattern of which one alternative is not anchored (S8)', text({ pattern: '^a|b$' })],
  ['a pattern with look-ahead, which RE2 does not know (S1)', text({ pattern: '^(?=a)a$' })],
  ['a pattern with a back-reference (S1)', text({ pattern: '^(a)\\1$' })],
  ['$data (S2)', text({ pattern: { $data: '1/b' } })],
  ['a misspelt keyword (S6)', text({ maxLenght: 3 })],
  ['params that take unknown members (S7)', { type: 'object', properties: { a: { type: 'string' } } }],
  ['an inner object that takes unknown members (S7)', params({ a: { type: 'object', properties: {} } })],
  ['an unknown format (S9)', text({ format: 'iban' })],
  ['a reserved name (S11)', params(JSON.parse('{"__proto__": {"type": "string"}}'))],
  ['a reference out of the file (S12)', params({ a: { $ref: 'https://example.com/schema.json' } })],
  ['a schema without a type (S13)', params({ a: { minimum: 3 } })],
  ['params that are no object (S13)', { type: 'string' }],
  ['a multipleOf with a fraction (S15)', params({ a: { type: 'number', multipleOf: 0.1 } })],
  ['a member named _meta', params({ _meta: { type: 'string' } })],
])('%s is refused at load', (_what, schema) => {
  expect(() => compile(schema)).toThrow(/^methods\.x\.params/);
});

test('a pattern that would backtrack runs in linear time (S1)', () => {
  const schema = compile(text({ pattern: '^(a+)+$' }));
  expect(schema.check({ a: `${'a'.repeat(50_000)}!` })).toEqual({ ok: false, at: '/a', rule: 'pattern' });
  expect(schema.check({ a: 'aaa' })).toEqual({ ok: true });
});

test('a flood of errors gives one, and no value is quoted (S3)', () => {
  const schema = compile(params({ a: { type: 'array', items: { type: 'string' } } }));
  expect(schema.check({ a: Array.from({ length: 10_000 }, (_, at) => at) })).toEqual({
    ok: false,
    at: '/a/0',
    rule: 'type',
  });
});

test('deep data under a recursive schema is refused, and nothing throws (S5)', () => {
  const node = {
    type: 'object',
    additionalProperties: false,
    properties: { next: { $ref: '#/$defs/node' } },
  };
  const schema = compile(params({ next: { $ref: '#/$defs/node' } }, { $defs: { node } }));
  let deep: JsonValue = {};
  for (let depth = 0; depth < 100_000; depth += 1) deep = { next: deep };
  expect(schema.check(deep)).toMatchObject({ ok: false });
  expect(schema.check({ next: { next: {} } })).toEqual({ ok: true });
});

test('params that the schema does not name are refused (S7)', () => {
  expect(compile(text({})).check({ a: 'x', b: 1 })).toEqual({
    ok: false,
    at: '',
    rule: 'additionalProperties',
  });
});

test('names that every object inherits are no members (S11)', () => {
  const schema = compile(params({ toString: { type: 'string' } }, { required: ['toString'] }));
  expect(schema.check({})).toMatchObject({ ok: false, rule: 'required' });
});

test('absolute-path counts bytes and takes normalised paths alone (S14)', () => {
  const schema = compile(text({ format: 'absolute-path' }));
  for (const path of ['/', '/a', '/a/b.c', '/ü']) expect(schema.check({ a: path })).toEqual({ ok: true });
  for (const path of ['', 'a', '/a/', '//a', '/a//b', '/a/../b', '/./a', '/a\0', `/${'ü'.repeat(2_100)}`]) {
    expect(schema.check({ a: path })).toEqual({ ok: false, at: '/a', rule: 'format' });
  }
});

test.each<[string, readonly string[], readonly string[]]>([
  ['uuid', ['0195a6b0-1111-7222-8333-444455556666'], ['0195a6b0']],
  ['date', ['2024-02-29'], ['2023-02-29', '24-02-29']],
  [
    'date-time',
    ['2024-02-29T10:00:00Z', '2024-02-29T10:00:00.5+02:00'],
    ['2024-02-29', '2024-02-29T25:00:00Z'],
  ],
  ['ipv4', ['10.0.0.1'], ['10.0.0.256', '010.0.0.1', '1.2.3']],
  ['hostname', ['a-b.example'], ['-a', 'a..b', 'a_b']],
])('the format %s takes what its standard takes', (format, good, bad) => {
  const schema = compile(text({ format }));
  for (const value of good) expect(schema.check({ a: value })).toEqual({ ok: true });
  for (const value of bad) expect(schema.check({ a: value })).toMatchObject({ rule: 'format' });
});
