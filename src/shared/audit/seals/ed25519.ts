import { createPrivateKey, createPublicKey, type KeyObject, randomFillSync, sign, verify } from 'node:crypto';

/** Length of a secret (RFC 8032, section 5.1.5) and of a public key, in bytes. */
export const KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** What stands before the 32 bytes of a key in PKCS #8 and in SubjectPublicKeyInfo (RFC 8410, sections 4 and 7). */
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** A new secret, in memory of its own that the caller overwrites when it is no longer needed. */
export function makeSecret(): Buffer {
  return randomFillSync(Buffer.alloc(KEY_BYTES));
}

/** The public key of a secret, 32 bytes. */
export function publicKeyOf(secret: Buffer): Buffer {
  const der = createPublicKey(privateKey(secret)).export({ format: 'der', type: 'spki' });
  return der.subarray(PUBLIC_PREFIX.length);
}

/** Signs with Ed25519, which gives the same signature for the same message each time (RFC 8032, section 5.1.6). */
export function signWith(secret: Buffer, message: Buffer): Buffer {
  return sign(null, message, privateKey(secret));
}

/** Whether a signature of a message is that of a key. A key that is none signs nothing. */
export function isSigned(key: Buffer, message: Buffer, signature: Buffer): boolean {
  if (key.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  const der = Buffer.concat([PUBLIC_PREFIX, key]);
  return verify(null, message, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature);
}

/** OpenSSL keeps its own copy, and overwrites it when the object is collected. */
function privateKey(secret: Buffer): KeyObject {
  const der = Buffer.alloc(PRIVATE_PREFIX.length + KEY_BYTES);
  PRIVATE_PREFIX.copy(der);
  secret.copy(der, PRIVATE_PREFIX.length, 0, KEY_BYTES);
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } finally {
    der.fill(0);
  }
}
