import { hash } from 'node:crypto';

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
/** Longest message. */
export const HMAC_MESSAGE_MAXIMUM = 1_024;
const INNER = 0x36;
const OUTER = 0x5c;

/** HMAC-SHA-256 of a message of HMAC_MESSAGE_MAXIMUM bytes at most, hex. Throws RangeError for a longer one. */
export type Hmac = (message: Uint8Array) => string;

/**
 * HMAC-SHA-256 (RFC 2104) under a key that is used for each call. Of two hashes at once: `createHmac` makes an object that
 * could take more, which costs ten times as much as they do.
 *
 * @param key at most 64 bytes
 * @throws RangeError for a longer one
 */
export function hmacUnder(key: Uint8Array): Hmac {
  if (key.length > BLOCK_BYTES)
    throw new RangeError(`Cannot use the key: it is longer than ${BLOCK_BYTES} bytes`);
  // Memory of their own, which is the key's: Buffer's pool would give it to others afterwards.
  const inner = padded(key, INNER, BLOCK_BYTES + HMAC_MESSAGE_MAXIMUM);
  const outer = padded(key, OUTER, BLOCK_BYTES + DIGEST_BYTES);
  return (message) => {
    inner.set(message, BLOCK_BYTES);
    const digest = hash('sha256', inner.subarray(0, BLOCK_BYTES + message.length), 'hex');
    outer.write(digest, BLOCK_BYTES, 'hex');
    return hash('sha256', outer, 'hex');
  };
}

function padded(key: Uint8Array, pad: number, length: number): Buffer {
  const block = Buffer.allocUnsafeSlow(length).fill(0);
  for (let at = 0; at < BLOCK_BYTES; at += 1) block[at] = (key[at] ?? 0) ^ pad;
  return block;
}
