import { describe, expect, test } from 'vitest';
import { checksumOf, hasChecksum } from '../../../../src/broker/scrub/rules/checksum.ts';

// The token that secretlint and detect-secrets publish in their tests (MIT, Apache-2.0), in parts.
const BODY = ['wWPw5k4aXcaT4fNP', '0UcnZwJUVFk6LO'].join('');
const CHECKSUM = ['0pI', 'NUx'].join('');

describe('the checksum of a token', () => {
  test('is six digits of base 62', () => {
    expect(checksumOf(BODY)).toBe(CHECKSUM);
    expect(checksumOf('')).toBe('000000');
  });

  test('tells a token from what only looks like one', () => {
    expect(hasChecksum(`ghp_${BODY}${CHECKSUM}`)).toBe(true);
    expect(hasChecksum(`ghp_${BODY}${CHECKSUM.toLowerCase()}`)).toBe(false);
    expect(hasChecksum(`ghp_x${BODY.slice(1)}${CHECKSUM}`)).toBe(false);
  });
});
