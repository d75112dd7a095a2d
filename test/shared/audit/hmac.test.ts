import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { HMAC_MESSAGE_MAXIMUM, hmacUnder } from '../../../src/shared/audit/hmac.ts';

/** RFC 4231, section 4: key, message and HMAC-SHA-256 of its test cases with keys of at most one block. */
const CASES: readonly (readonly [string, string, string])[] = [
  ['0b'.repeat(20), '4869205468657265', 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
  [
    '4a656665',
    '7768617420646f2079612077616e7420666f72206e6f7468696e673f',
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  ['aa'.repeat(20), 'dd'.repeat(50), '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe'],
  [
    '0102030405060708090a0b0c0d0e0f10111213141516171819',
    'cd'.repeat(50),
    '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
  ],
];

describe('HMAC-SHA-256', () => {
  test.each(CASES)('is as in RFC 4231 under the key %s', (key, message, expected) => {
    expect(hmacUnder(Buffer.from(key, 'hex'))(Buffer.from(message, 'hex'))).toBe(expected);
  });

  test('is what Node makes of any key of up to a block and any message, one after the other', () => {
    for (let bytes = 0; bytes <= 64; bytes += 1) {
      const key = randomBytes(bytes);
      const hmac = hmacUnder(key);
      for (let length = 0; length < 300; length += 7) {
        const message = randomBytes(length);
        expect(hmac(message)).toBe(createHmac('sha256', key).update(message).digest('hex'));
      }
    }
  });

  test('has no message of more than its bound, of which the next one knows nothing', () => {
    const hmac = hmacUnder(Buffer.alloc(32));
    const short = hmac(Buffer.from('short'));
    hmac(randomBytes(HMAC_MESSAGE_MAXIMUM));
    expect(() => hmac(Buffer.alloc(HMAC_MESSAGE_MAXIMUM + 1))).toThrow(RangeError);
    expect(hmac(Buffer.from('short'))).toBe(short);
  });

  test('has no key of more than a block, which would have to be hashed first', () => {
    expect(() => hmacUnder(randomBytes(65))).toThrow(RangeError);
  });
});
