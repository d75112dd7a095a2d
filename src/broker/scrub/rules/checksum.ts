import { crc32 } from 'node:zlib';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** As many digits as 32 bits take in base 62. */
const LENGTH = 6;

/**
 * The last six characters of the tokens of GitHub and npm: CRC32 of what stands between prefix and them, in base 62.
 * Source: "Behind GitHub's new authentication token formats", github.blog, 2021.
 */
export function checksumOf(body: string): string {
  let rest = crc32(body);
  let digits = '';
  for (let count = 0; count < LENGTH; count += 1) {
    digits = DIGITS.charAt(rest % DIGITS.length) + digits;
    rest = Math.floor(rest / DIGITS.length);
  }
  return digits;
}

/** @param token with a prefix that ends in the first underscore */
export function hasChecksum(token: string): boolean {
  const body = token.slice(token.indexOf('_') + 1, -LENGTH);
  return token.endsWith(checksumOf(body));
}
