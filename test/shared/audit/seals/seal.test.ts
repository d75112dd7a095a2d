import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { NO_HASH } from '../../../../src/shared/audit/record.ts';
import { makeSecret, publicKeyOf, signWith } from '../../../../src/shared/audit/seals/ed25519.ts';
import {
  isGenuine,
  makeSealLine,
  parseSeal,
  SEAL_LINE_BYTES_MAXIMUM,
  type SealContent,
} from '../../../../src/shared/audit/seals/seal.ts';

const secret = makeSecret();
const next = publicKeyOf(makeSecret());
const content: SealContent = {
  ...{ epoch: 3, seq: 42, hash: 'ab'.repeat(32), time: '2026-01-02T03:04:05.678901Z' },
  ...{ next, prev: NO_HASH },
};

/** The line without its newline. */
function lineOf(more: Partial<SealContent> = {}, key = secret): Buffer {
  return makeSealLine({ ...content, ...more }, key).subarray(0, -1);
}

describe('a seal', () => {
  test('is read as it was made, and is genuine', () => {
    const line = lineOf();
    const seal = parseSeal(line);
    expect(seal).toMatchObject({ ...content, key: publicKeyOf(secret) });
    expect(seal?.lineHash).toBe(createHash('sha256').update(line).digest('hex'));
    expect(seal !== null && isGenuine(seal, line)).toBe(true);
  });

  test('is the same bytes each time', () => {
    expect(makeSealLine(content, secret).equals(makeSealLine(content, secret))).toBe(true);
  });

  test('fits its bound with the largest numbers there are', () => {
    const largest = { epoch: Number.MAX_SAFE_INTEGER, seq: Number.MAX_SAFE_INTEGER };
    expect(lineOf(largest).length + 1).toBeLessThan(SEAL_LINE_BYTES_MAXIMUM);
    expect(parseSeal(lineOf(largest))).toMatchObject(largest);
  });

  test('with one byte changed, at any place, is none or is not genuine', () => {
    const line = lineOf();
    for (let offset = 0; offset < line.length; offset += 1) {
      for (const bit of [1, 2, 32]) {
        const changed = Buffer.from(line);
        changed[offset] = (changed[offset] ?? 0) ^ bit;
        const seal = parseSeal(changed);
        expect(seal !== null && isGenuine(seal, changed), `byte ${offset}`).toBe(false);
      }
    }
  });

  test('is none where it is cut, longer, or one key is written otherwise', () => {
    const line = lineOf();
    expect(parseSeal(line.subarray(0, -1))).toBeNull();
    expect(parseSeal(Buffer.concat([line, Buffer.from(' ')]))).toBeNull();
    expect(parseSeal(Buffer.from(line.toString().replace('"epoch":3', '"epoch":03')))).toBeNull();
    // The last digit of 32 bytes in base64 has two bits that mean nothing.
    const text = publicKeyOf(secret).toString('base64');
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    const other = `${text.slice(0, 42)}${digits[digits.indexOf(text[42] ?? '') + 1]}=`;
    expect(Buffer.from(other, 'base64')).toEqual(publicKeyOf(secret));
    expect(parseSeal(Buffer.from(line.toString().replace(text, other)))).toBeNull();
  });

  test('is not genuine where the same bytes were signed without its domain', () => {
    const line = lineOf().toString();
    const body = line.slice(0, line.indexOf(',"signature"'));
    const signature = signWith(secret, Buffer.from(body)).toString('base64');
    const forged = Buffer.from(`${body},"signature":"${signature}"}`);
    const seal = parseSeal(forged);
    expect(seal).not.toBeNull();
    expect(seal !== null && isGenuine(seal, forged)).toBe(false);
  });
});
