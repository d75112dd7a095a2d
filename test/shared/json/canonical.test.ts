import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson } from '../../../src/shared/json/canonical.ts';
import { parseJson } from '../../../src/shared/json/parse.ts';
import type { JsonValue } from '../../../src/shared/json-value.ts';

function rewritten(text: string): string {
  return canonicalJson(parseJson(Buffer.from(text), { depth: 1000, keys: 10_000 }));
}

function double(hexadecimal: string): number {
  return Buffer.from(hexadecimal, 'hex').readDoubleBE();
}

test('the example of RFC 8785 section 3.2.2 is written as section 3.2.3 has it', () => {
  const input = String.raw`{
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]
  }`;
  const expected = String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`;
  expect(rewritten(input)).toBe(expected);
});

test('the bytes of that example are those of RFC 8785 section 3.2.4', () => {
  const expected =
    '7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b3333333333333333332e333333333333332c31652b33302c342e352c302e3030322c31652d32375d2c22737472696e67223a22e282ac245c75303030665c6e4127425c225c5c5c5c5c222f227d';
  const input = String.raw`{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`;
  expect(Buffer.from(rewritten(input)).toString('hex')).toBe(expected);
});

test('members are sorted by UTF-16 code units, as in RFC 8785 section 3.2.3', () => {
  const input = String.raw`{
    "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
    "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"
  }`;
  const values = [...rewritten(input).matchAll(/:"([^"]*)"/g)].map(([, value]) => value);
  expect(values).toEqual([
    'Carriage Return',
    'One',
    'Control',
    'Latin Small Letter O With Diaeresis',
    'Euro Sign',
    'Emoji: Grinning Face',
    'Hebrew Letter Dalet With Dagesh',
  ]);
});

test.each([
  ['0000000000000000', '0'],
  ['8000000000000000', '0'],
  ['0000000000000001', '5e-324'],
  ['8000000000000001', '-5e-324'],
  ['7fefffffffffffff', '1.7976931348623157e+308'],
  ['ffefffffffffffff', '-1.7976931348623157e+308'],
  ['4340000000000000', '9007199254740992'],
  ['c340000000000000', '-9007199254740992'],
  ['4430000000000000', '295147905179352830000'],
  ['44b52d02c7e14af5', '9.999999999999997e+22'],
  ['44b52d02c7e14af6', '1e+23'],
  ['44b52d02c7e14af7', '1.0000000000000001e+23'],
  ['444b1ae4d6e2ef4e', '999999999999999700000'],
  ['444b1ae4d6e2ef4f', '999999999999999900000'],
  ['444b1ae4d6e2ef50', '1e+21'],
  ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
  ['3eb0c6f7a0b5ed8d', '0.000001'],
  ['41b3de4355555553', '333333333.3333332'],
  ['41b3de4355555554', '333333333.33333325'],
  ['41b3de4355555555', '333333333.3333333'],
  ['41b3de4355555556', '333333333.3333334'],
  ['41b3de4355555557', '333333333.33333343'],
  ['becbf647612f3696', '-0.0000033333333333333333'],
  ['43143ff3c1cb0959', '1424953923781206.2'],
])('the number %s of RFC 8785 appendix B is written %s', (bits, text) => {
  expect(canonicalJson(double(bits))).toBe(text);
});

test.each(['7fffffffffffffff', '7ff0000000000000', 'fff0000000000000'])(
  'the number %s of RFC 8785 appendix B, not finite, is an error',
  (bits) => {
    expect(() => canonicalJson([double(bits)])).toThrow(TypeError);
  },
);

test('a lone surrogate is an error, as a value and as a name (RFC 8785 section 3.2.2.2)', () => {
  expect(() => canonicalJson('\ud800')).toThrow(TypeError);
  expect(() => canonicalJson({ '\udead': 1 })).toThrow(TypeError);
});

test('only own members are written, integer-like names in the order of their text', () => {
  const inherited = Object.assign(Object.create({ inherited: 1 }), { b: 1, '10': 2, '9': 3 }) as JsonValue;
  expect(canonicalJson(inherited)).toBe('{"10":2,"9":3,"b":1}');
});

test('nesting of 1000 is written (J4)', () => {
  const text = `${'[{"a":'.repeat(500)}1${'}]'.repeat(500)}`;
  expect(rewritten(text)).toBe(text);
});

test('canonical text is written again as it is, and equal values have equal text', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value as JsonValue);
      fc.pre(!text.includes('"__proto__"'));
      expect(rewritten(text)).toBe(text);
      expect(rewritten(JSON.stringify(value, null, 2))).toBe(text);
    }),
  );
});

test('every double comes back from canonical text as it was', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(Number(rewritten(canonicalJson(value)))).toBe(value === 0 ? 0 : value);
    }),
    { numRuns: 1000 },
  );
});
