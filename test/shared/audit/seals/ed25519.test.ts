import { expect, test } from 'vitest';
import { isSigned, makeSecret, publicKeyOf, signWith } from '../../../../src/shared/audit/seals/ed25519.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/** RFC 8032, section 7.1, tests 1 and 3. */
const VECTORS = [
  {
    secret: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    key: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    secret: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    key: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    message: 'af82',
    signature:
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  },
];

test.each(VECTORS)('signs and verifies as RFC 8032 has it: $key', ({ secret, key, message, signature }) => {
  expect(publicKeyOf(hex(secret)).toString('hex')).toBe(key);
  expect(signWith(hex(secret), hex(message)).toString('hex')).toBe(signature);
  expect(isSigned(hex(key), hex(message), hex(signature))).toBe(true);
});

test('gives the same signature each time, so that a seal can be made again byte for byte', () => {
  const secret = makeSecret();
  const message = Buffer.from('a head');
  expect(signWith(secret, message)).toEqual(signWith(secret, message));
});

test('refuses another key, message or signature, and what is no key', () => {
  const [one, other] = [makeSecret(), makeSecret()];
  const message = Buffer.from('a head');
  const signature = signWith(one, message);
  expect(isSigned(publicKeyOf(other), message, signature)).toBe(false);
  expect(isSigned(publicKeyOf(one), Buffer.from('another'), signature)).toBe(false);
  expect(isSigned(publicKeyOf(one), message, signWith(other, message))).toBe(false);
  expect(isSigned(Buffer.alloc(31), message, signature)).toBe(false);
  expect(isSigned(publicKeyOf(one), message, signature.subarray(0, 63))).toBe(false);
});
