import { describe, expect, test } from 'vitest';
import { NO_HASH } from '../../../../src/shared/audit/record.ts';
import { makeSecret } from '../../../../src/shared/audit/seals/ed25519.ts';
import {
  decodeKeyBlock,
  encodeKeyBlock,
  forgetSecrets,
  KEY_BLOCK_BYTES,
  type KeyBlock,
  pendingLine,
} from '../../../../src/shared/audit/seals/key-block.ts';
import { parseSeal } from '../../../../src/shared/audit/seals/seal.ts';

const quiet: KeyBlock = {
  ...{ machine: null, epoch: 1, secret: makeSecret(), prev: NO_HASH, bytes: 0, pending: null },
};
const largest: KeyBlock = {
  machine: 'f'.repeat(32),
  epoch: Number.MAX_SAFE_INTEGER,
  secret: makeSecret(),
  prev: 'f'.repeat(64),
  bytes: Number.MAX_SAFE_INTEGER,
  pending: {
    ...{ seq: Number.MAX_SAFE_INTEGER, hash: 'e'.repeat(64), time: '2026-01-02T03:04:05.678901Z' },
    next: makeSecret(),
  },
};

describe('the block of keys', () => {
  test.each([
    ['at rest', quiet],
    ['with a seal under way and the largest numbers', largest],
  ])('%s is one sector, and is read as it was written', (_title, keys) => {
    const block = encodeKeyBlock(keys);
    expect(block).toHaveLength(KEY_BLOCK_BYTES);
    expect(decodeKeyBlock(block)).toEqual(keys);
  });

  test('has no secret in its text, in any form', () => {
    const text = encodeKeyBlock(largest).toString('latin1', 0, KEY_BLOCK_BYTES - 64);
    for (const secret of [largest.secret, largest.pending?.next ?? Buffer.alloc(0)]) {
      for (const form of ['hex', 'base64', 'latin1'] as const)
        expect(text).not.toContain(secret.toString(form));
    }
  });

  test('with one byte changed, at any place, is refused or says something else than a secret (A16)', () => {
    const block = encodeKeyBlock(largest);
    for (let offset = 0; offset < block.length; offset += 1) {
      const changed = Buffer.from(block);
      changed[offset] = (changed[offset] ?? 0) ^ 1;
      let keys: KeyBlock;
      try {
        keys = decodeKeyBlock(changed);
      } catch (error) {
        expect((error as Error).message).toMatch(/^Cannot read the keys of the audit seals: /);
        continue;
      }
      // A number or a hash: what it is compared with is in the files of the log.
      expect(keys.secret).toEqual(largest.secret);
      expect(keys.pending?.next).toEqual(largest.pending?.next);
      expect(keys).not.toEqual(largest);
    }
  });

  test.each([0, 511, 513])('of %i bytes is refused', (length) => {
    const block = Buffer.concat([encodeKeyBlock(quiet), Buffer.alloc(1)]).subarray(0, length);
    expect(() => decodeKeyBlock(block)).toThrow('they are not in the form of keys');
  });

  test('at rest holds one secret, and no trace of one before', () => {
    const block = encodeKeyBlock(quiet);
    block[KEY_BLOCK_BYTES - 1] = 1;
    expect(() => decodeKeyBlock(block)).toThrow('a secret is not that of its public key');
  });

  test('makes the seal that was under way again, and none where none was', () => {
    const line = pendingLine(largest);
    expect(line).toEqual(pendingLine(decodeKeyBlock(encodeKeyBlock(largest))));
    expect(parseSeal(line?.subarray(0, -1) ?? Buffer.alloc(0))).toMatchObject({ epoch: largest.epoch });
    expect(pendingLine(quiet)).toBeNull();
  });

  test('can be forgotten', () => {
    const keys = decodeKeyBlock(encodeKeyBlock(largest));
    forgetSecrets(keys);
    expect([...keys.secret, ...(keys.pending?.next ?? [])].every((byte) => byte === 0)).toBe(true);
  });
});
