import { describe, expect, test } from 'vitest';
import { secretParamNames, secretValues } from '../../../src/broker/logs/secret-params.ts';

const text = { type: 'string' };
const secret = { type: 'string', secret: true };

describe('params that a schema marks as secret', () => {
  test.each([
    ['themselves', { properties: { a: text, b: secret } }, ['b']],
    ['in a part of them', { properties: { a: text, b: { type: 'array', items: secret } } }, ['b']],
    [
      'in a definition, which may be anyone’s',
      { properties: { a: text, b: text }, $defs: { s: secret } },
      ['a', 'b'],
    ],
    ['in an alternative', { properties: { a: text }, anyOf: [{ properties: { a: secret } }] }, ['a']],
    ['nowhere', { properties: { a: text, b: { type: 'boolean', const: true } } }, []],
    ['by the name of a param, which is no mark', { properties: { secret: { type: 'boolean' } } }, []],
  ])('%s', (_where, schema, expected) => {
    expect(secretParamNames(schema)).toEqual(expected);
  });

  test('give the texts and numbers in them to be looked for, but for those that are too short', () => {
    const values = secretValues(['b', 'c'], { a: 'public', b: ['pass-1', { x: 123456 }, 'ab'], c: true });
    expect(values?.map(({ value }) => Buffer.from(value).toString())).toEqual(['pass-1', '123456']);
  });

  test('that are too much to be looked for are said to be', () => {
    expect(secretValues(['a'], { a: 'x'.repeat(65_537) })).toBeNull();
    expect(secretValues(['a'], { a: Array.from({ length: 257 }, () => 'abcd') })).toBeNull();
    expect(secretValues(['a'], { a: 'x'.repeat(65_536) })).toHaveLength(1);
  });
});
