import { describe, expect, test } from 'vitest';
import {
  type JsonLimits,
  type JsonRefusalReason,
  JsonRefused,
  parseJson,
} from '../../../src/shared/json/parse.ts';
import type { JsonValue } from '../../../src/shared/json-value.ts';

const limits: JsonLimits = { depth: 64, keys: 10_000 };

function parse(text: string, within: JsonLimits = limits): JsonValue {
  return parseJson(Buffer.from(text), within);
}

function refusal(bytes: string | Uint8Array, within: JsonLimits = limits): JsonRefusalReason | 'accepted' {
  try {
    parseJson(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, within);
    return 'accepted';
  } catch (error) {
    if (error instanceof JsonRefused) return error.reason;
    throw error;
  }
}

describe('the bytes', () => {
  test.each([
    ['a byte that is never UTF-8', [0x22, 0xff, 0x22]],
    ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22]],
    ['a surrogate encoded by itself', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['a character that is cut off', [0x22, 0xe2, 0x82, 0x22]],
    ['a character cut off by the end', [0x22, 0xe2, 0x82]],
    ['a character beyond U+10FFFF', [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]],
  ])('of %s are refused, never replaced (T9)', (_what, bytes) => {
    expect(refusal(Uint8Array.from(bytes))).toBe('encoding');
    expect(parse('"é"'), 'and the next message is not harmed').toBe('é');
  });

  test('may not begin with a byte order mark', () => {
    expect(refusal('\ufeff{}')).toBe('byte-order-mark');
    expect(parse('"\ufeff"')).toBe('\ufeff');
  });

  test.each([
    '',
    ' ',
    '{',
    '[1,]',
    '{"a":1,}',
    "{'a':1}",
    '{a:1}',
    '01',
    '+1',
    '.5',
    '1.',
    'NaN',
    '[1] 2',
    '"\t"',
    '"\\x"',
    '"a',
    '"\\"',
    '\u00a0{}',
  ])('of %j are no JSON text', (text) => {
    expect(refusal(text)).toBe('syntax');
  });

  test('are read from a view at any offset', () => {
    const whole = Buffer.from('xx{"a":1}yy');
    expect(parseJson(whole.subarray(2, 9), limits)).toEqual(parse('{"a":1}'));
  });
});

describe('keys', () => {
  test.each([
    '{"a":1,"a":1}',
    '{"method":1,"\\u006dethod":2}',
    '{"\\u006dethod":1,"m\\u0065thod":2}',
    '{"":1,"":2}',
    '{"\\/":1,"/":2}',
    '[{"b":{"a":1,"c":2,"a":3}}]',
    '{"a":{"x":1,"y":2},"a":{"x":1}}',
    '{"1":0,"2":0,"1":0}',
    '{"😀":1,"\\ud83d\\uDE00":2}',
  ])('that occur twice in one object are refused however they are spelt: %s (J2)', (text) => {
    expect(refusal(text)).toBe('duplicate-key');
  });

  test('may occur again in another object, and what only looks like a key is none', () => {
    expect(parse('[{"a":{"a":1}},{"a":2}]')).toEqual(parse('[ {"a": {"a": 1}}, {"a": 2} ]'));
    expect(refusal('{"a":"{\\"a\\":1,\\"a\\":1}","b":"\\\\"}')).toBe('accepted');
    expect(refusal('[":::",":"]', { depth: 1, keys: 1 })).toBe('accepted');
  });

  test.each(['{"__proto__":{"polluted":1}}', '[[{"a":{"__proto__":1}}]]', '{"\\u005f_proto__":null}'])(
    'named __proto__ are refused at any depth: %s (J3)',
    (text) => {
      expect(refusal(text)).toBe('reserved-key');
      expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
    },
  );

  test('named constructor, prototype or toString are inert own members of objects without a prototype (J3)', () => {
    const value = parse('{"constructor":{"prototype":{"polluted":1}},"toString":1,"hasOwnProperty":2}');
    expect(Object.getPrototypeOf(value)).toBeNull();
    expect(Object.keys(value ?? {})).toEqual(['constructor', 'toString', 'hasOwnProperty']);
    expect('valueOf' in Object(value)).toBe(false);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('that are escaped are read as themselves, whatever any caller sent before (nodejs/node#63785)', () => {
    for (const [earlier, later, names] of [
      ['{"id":1,"\\\\u006d":1}', '{"id":1,"\\u006dethod":1}', ['id', 'method']],
      ['{"b":1,"\\\\":1}', '{"b":1,"\\u0061":1}', ['b', 'a']],
      ['{"b":1,"\\\\":1}', '{"b":1,"\\n":1}', ['b', '\n']],
    ] as const) {
      JSON.parse(earlier);
      parse(earlier);
      expect(Object.keys(parse(later) ?? {})).toEqual(names);
    }
    expect(refusal('{"b":1,"\\u0061":1,"a":1}')).toBe('duplicate-key');
  });

  test('are bounded, and so are arrays and objects, empty ones too: a short one costs as much as a name (J6)', () => {
    for (const text of ['[[],[]]', '[{},{}]', '[[[]]]', '[1,[2],[3]]']) {
      expect(refusal(text, { depth: 9, keys: 3 })).toBe('accepted');
      expect(refusal(text, { depth: 9, keys: 2 })).toBe('keys');
    }
  });

  test('are counted over the whole message (J5)', () => {
    expect(refusal('[{"a":1,"b":2},{"c":3}]', { depth: 9, keys: 3 })).toBe('accepted');
    expect(refusal('[{"a":1,"b":2},{"c":3}]', { depth: 9, keys: 2 })).toBe('keys');
    expect(refusal('{"a":1}', { depth: 9, keys: 0 })).toBe('keys');
    const integerLike = Array.from({ length: 200_000 }, (_, index) => `"${index * 65_536}":0`).join(',');
    expect(refusal(`{${integerLike}}`)).toBe('keys');
  });
});

describe('nesting', () => {
  test('up to the limit is accepted and one more is refused', () => {
    expect(refusal(`${'['.repeat(64)}${']'.repeat(64)}`)).toBe('accepted');
    expect(refusal(`${'['.repeat(65)}${']'.repeat(65)}`)).toBe('depth');
    expect(refusal('[[],[],{"a":[]}]', { depth: 3, keys: 5 })).toBe('accepted');
    expect(refusal('[[],[],{"a":[]}]', { depth: 2, keys: 5 })).toBe('depth');
    expect(refusal(`["${'['.repeat(100)}"]`)).toBe('accepted');
  });

  test.each([1e3, 1e4, 1e5, 1e6])(
    'of %d is an ordinary refusal, of arrays and of objects, closed or not (J4)',
    (depth) => {
      expect(refusal(`${'['.repeat(depth)}${']'.repeat(depth)}`)).toBe('depth');
      expect(refusal(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`, { depth: 64, keys: 1e7 })).toBe(
        'depth',
      );
      expect(refusal('['.repeat(depth))).toBe('depth');
      expect(refusal(']'.repeat(depth) + '['.repeat(depth))).toBe('syntax');
    },
  );
});

describe('strings', () => {
  test.each([
    '"\\ud800"',
    '"\\udc00"',
    '"\\ude00\\ud83d"',
    '"a\\uD83Db"',
    '{"\\ud800":1}',
    '["\\ud83d\\n\\ude00"]',
  ])('with a lone surrogate are refused: %s (J8)', (text) => {
    expect(refusal(text)).toBe('surrogate');
  });

  test('with a pair of escaped surrogates are one character', () => {
    expect(parse('"\\ud83d\\ude00"')).toBe('😀');
    expect(parse('"\\\\ud800"')).toBe('\\ud800');
  });
});

describe('numbers', () => {
  test.each(['1e999', '-1e999', '1e400', '[{"a":[1E+309]}]'])('that overflow are refused: %s', (text) => {
    expect(refusal(text)).toBe('number');
  });

  test('of 400 digits overflow, and a long way to write 1 does not', () => {
    expect(refusal(`1${'0'.repeat(400)}`)).toBe('number');
    expect(parse(`1${'0'.repeat(400)}e-400`)).toBe(1);
    expect(parse(`[1${'0'.repeat(400)}e-380]`)).toEqual([1e20]);
    expect(refusal(`1${'0'.repeat(19)}1e0`)).toBe('number');
  });

  test.each([
    '9007199254740993',
    '-9007199254740993',
    '18446744073709551616',
    '9007199254740993.0',
    '90071992547409.93e2',
    '9007199254740993e0',
    '9007199254740992.5',
    '123456789012345678901234567890',
    '["\\"9007199254740993\\\\",9007199254740993]',
    '{"9007199254740993":9007199254740993}',
  ])('beyond 2^53-1 that would change are refused: %s', (text) => {
    expect(refusal(text)).toBe('number');
  });

  test.each([
    ['9007199254740991', 2 ** 53 - 1],
    ['9007199254740992', 2 ** 53],
    ['1e21', 1e21],
    ['1000000000000000000000', 1e21],
    ['18446744073709552000', 2 ** 64],
    ['1.0e28', 1e28],
    ['0.0000000000000000012300E+40', 1.23e22],
    ['1.7976931348623157e308', Number.MAX_VALUE],
    ['-1.7976931348623157E+308', -Number.MAX_VALUE],
    ['-0', -0],
    ['0.1', 0.1],
    ['1e-400', 0],
    ['3.14159265358979323846', Math.PI],
  ])('that keep their value, or are fractions, are accepted: %s', (text, value) => {
    expect(parse(text)).toBe(value);
  });

  test('in strings are not numbers, also beside a large one', () => {
    expect(parse('["9007199254740993",1e300,"\\"9007199254740993"]')).toEqual([
      '9007199254740993',
      1e300,
      '"9007199254740993',
    ]);
  });
});

test('a refusal never quotes the message (J20)', () => {
  for (const text of [
    'canary',
    '{"canary":1,"canary":2}',
    '["canary\\ud800"]',
    '{"canary":',
    '["canary",1e999]',
  ]) {
    expect(() => parse(text)).toThrow(JsonRefused);
    try {
      parse(text);
    } catch (error) {
      expect(`${error instanceof Error ? error.stack : ''}`).not.toContain('canary');
      expect(error).not.toHaveProperty('cause');
    }
  }
});
