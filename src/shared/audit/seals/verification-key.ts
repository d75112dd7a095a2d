import { hash } from 'node:crypto';
import { KEY_BYTES } from './ed25519.ts';

/** A public key as it is kept elsewhere: whose seal it verifies, and the key. */
export interface VerificationKey {
  readonly epoch: number;
  readonly key: Buffer;
}

/** Largest file of keys in bytes. */
export const KEY_FILE_BYTES_MAXIMUM = 65_536;

const LINE = /^driverd-audit-key 1 ([1-9][0-9]{0,15}) ([A-Za-z0-9+/]{43}=) (SHA256:[A-Za-z0-9+/]{43})$/;

/** What people compare: SHA-256 of the key, as OpenSSH writes it. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${hash('sha256', key, 'base64').replace(/=$/, '')}`;
}

/** A key as one line, without a newline. */
export function keyText({ epoch, key }: VerificationKey): string {
  return `driverd-audit-key 1 ${epoch} ${key.toString('base64')} ${fingerprintOf(key)}`;
}

/**
 * Reads a file of keys, one a line, of different epochs; empty lines and lines that begin with # are passed over.
 * Throws Error with the reason where it is anything else: a key that was copied wrongly must not pass for another.
 */
export function parseKeys(text: string): readonly VerificationKey[] {
  const keys = new Map<number, VerificationKey>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line === '' || line.startsWith('#')) continue;
    const key = parseKey(line);
    if (key === null) throw new Error(`line ${index + 1} is no key as \`driverctl audit key\` prints it`);
    if (keys.has(key.epoch)) throw new Error(`line ${index + 1} is a second key of epoch ${key.epoch}`);
    keys.set(key.epoch, key);
  }
  if (keys.size === 0) throw new Error('there is no key in it');
  return [...keys.values()];
}

function parseKey(line: string): VerificationKey | null {
  const [, epochText, base64 = '', fingerprint] = LINE.exec(line) ?? [];
  const epoch = Number(epochText);
  const key = Buffer.from(base64, 'base64');
  const isExact = key.length === KEY_BYTES && key.toString('base64') === base64;
  return isExact && fingerprintOf(key) === fingerprint && Number.isSafeInteger(epoch) ? { epoch, key } : null;
}
