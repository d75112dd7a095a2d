import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../../src/shared/json/canonical.ts';
import { type JsonRefusalReason, JsonRefused, parseJson } from '../../../src/shared/json/parse.ts';

const suites = new URL('../../suites/', import.meta.url);
const parsing = new URL('JSONTestSuite/test_parsing/', suites);
const limits = { depth: 64, keys: 10_000 };

function outcome(bytes: Uint8Array): JsonRefusalReason | 'accepted' {
  try {
    parseJson(bytes, limits);
    return 'accepted';
  } catch (error) {
    if (error instanceof JsonRefused) return error.reason;
    throw error;
  }
}

/** RFC 8259 leaves both to the reader (sections 4 and 6); driverd refuses what two readers can understand differently. */
const refusedByChoice: ReadonlyMap<string, JsonRefusalReason> = new Map([
  ['y_object_duplicated_key.json', 'duplicate-key'],
  ['y_object_duplicated_key_and_value.json', 'duplicate-key'],
]);

/** Rounding to zero is no change of kind, and 1 with twenty zeros keeps its value. */
const acceptedByChoice: ReadonlySet<string> = new Set([
  'i_number_double_huge_neg_exp.json',
  'i_number_real_underflow.json',
  'i_number_too_big_pos_int.json',
]);

describe('JSONTestSuite', () => {
  const names = readdirSync(parsing);
  const starting = (letter: string): string[] => names.filter((name) => name.startsWith(letter));

  test('is there as a whole', () => {
    expect([starting('y_').length, starting('n_').length, starting('i_').length]).toEqual([95, 188, 35]);
  });

  test.each(starting('y_'))('%s is accepted, or refused for a stated reason', (name) => {
    expect(outcome(readFileSync(new URL(encodeURIComponent(name), parsing)))).toBe(
      refusedByChoice.get(name) ?? 'accepted',
    );
  });

  test.each(starting('n_'))('%s is refused', (name) => {
    expect(outcome(readFileSync(new URL(encodeURIComponent(name), parsing)))).not.toBe('accepted');
  });

  test.each(starting('i_'))('%s, which is up to the reader, is refused, except for three numbers', (name) => {
    const result = outcome(readFileSync(new URL(encodeURIComponent(name), parsing)));
    expect(result === 'accepted').toBe(acceptedByChoice.has(name));
  });
});

describe('the big list of naughty strings', () => {
  const strings = JSON.parse(
    readFileSync(new URL('big-list-of-naughty-strings/blns.json', suites), 'utf8'),
  ) as readonly string[];

  test('survives reading and canonical writing, each string as value and as key', () => {
    expect(strings).toHaveLength(515);
    for (const text of strings) {
      const message = canonicalJson({ value: text, keyed: { [text]: true } });
      const value = parseJson(Buffer.from(message), limits);
      expect(value).toMatchObject({ value: text });
      expect(canonicalJson(value)).toBe(message);
    }
  });
});
