import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson } from '../../../src/shared/json/canonical.ts';
import { type JsonRefusalReason, JsonRefused, parseJson } from '../../../src/shared/json/parse.ts';
import type { JsonValue } from '../../../src/shared/json-value.ts';

const limits = { depth: 64, keys: 10_000 };

function parse(text: string): JsonValue {
  return parseJson(Buffer.from(text), limits);
}

function refusal(bytes: Uint8Array): JsonRefusalReason | 'accepted' {
  try {
    parseJson(bytes, limits);
    return 'accepted';
  } catch (error) {
    if (error instanceof JsonRefused) return error.reason;
    throw error;
  }
}

// JSON.parse is no judge of escaped keys (nodejs/node#63785), so what comes out is compared with what was written.
test('every value that JSON.stringify writes is read as the same, however it is spaced', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(3), (value, spaces) => {
      const text = JSON.stringify(value, null, spaces);
      fc.pre(!text.includes('"__proto__"'));
      expect(canonicalJson(parse(text))).toBe(canonicalJson(value as JsonValue));
    }),
    { numRuns: 1000 },
  );
});

test('no bytes make it throw anything but a refusal', () => {
  const fragment = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '"',
    '\\',
    '\\u',
    'd800',
    '"a"',
    '1',
    'e',
    '-',
    '.',
    'true',
    'null',
    ' ',
    '\u0000',
    '\u{1f600}',
  );
  const text = fc.array(fragment, { maxLength: 40 }).map((parts) => Buffer.from(parts.join('')));
  fc.assert(
    fc.property(fc.oneof(text, fc.uint8Array({ maxLength: 64 })), (bytes) => {
      expect(refusal(bytes)).toBeTypeOf('string');
    }),
    { numRuns: 2000 },
  );
});

test('exactly what JSON.parse reads without a duplicate or an overflow is accepted, with the same value', () => {
  const fragment = fc.constantFrom('{', '}', '[', ']', ':', ',', '"a"', '"b"', '1', '-0.5e3', 'null', ' ');
  const accepted = (text: string): string | undefined => {
    try {
      return JSON.stringify(JSON.parse(text));
    } catch {
      return undefined;
    }
  };
  fc.assert(
    fc.property(fc.array(fragment, { maxLength: 10 }), (parts) => {
      const text = parts.join('');
      const outcome = refusal(Buffer.from(text));
      fc.pre(outcome !== 'duplicate-key' && outcome !== 'number');
      expect(outcome === 'accepted' ? JSON.stringify(parse(text)) : undefined).toBe(accepted(text));
    }),
    { numRuns: 5000 },
  );
});
