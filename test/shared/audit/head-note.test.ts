import { describe, expect, test } from 'vitest';
import {
  decodeHeadNote,
  EMPTY_HEAD,
  encodeHeadNote,
  HEAD_NOTE_BYTES,
} from '../../../src/shared/audit/head-note.ts';

const BOOT = 'c5456ee4-1f33-4d89-8ae4-378f00b84f8f';
const LARGEST = { seq: Number.MAX_SAFE_INTEGER, hash: 'f'.repeat(64), bytes: Number.MAX_SAFE_INTEGER };

describe('the head note', () => {
  test.each([
    { boot: BOOT, segment: 1, durable: EMPTY_HEAD, standing: EMPTY_HEAD, writing: null },
    { boot: BOOT, segment: 1, durable: EMPTY_HEAD, standing: LARGEST, writing: LARGEST },
    { boot: BOOT, segment: LARGEST.seq, durable: LARGEST, standing: LARGEST, writing: LARGEST },
    { boot: BOOT, segment: 8, durable: { ...LARGEST, seq: 7, bytes: 0 }, standing: LARGEST, writing: null },
  ])('is one block of fixed length, whatever it holds', (note) => {
    const block = encodeHeadNote(note);
    expect(block).toHaveLength(HEAD_NOTE_BYTES);
    expect(decodeHeadNote(block)).toEqual(note);
  });

  test('is refused where it is not exactly what is written', () => {
    const block = encodeHeadNote({
      boot: BOOT,
      segment: 1,
      durable: EMPTY_HEAD,
      standing: EMPTY_HEAD,
      writing: null,
    });
    expect(() => decodeHeadNote(block.subarray(1))).toThrow('Cannot read the audit head note');
    expect(() => decodeHeadNote(Buffer.alloc(HEAD_NOTE_BYTES))).toThrow('Cannot read the audit head note');
    expect(() => decodeHeadNote(Buffer.concat([block, block]))).toThrow('Cannot read the audit head note');
    const disordered = encodeHeadNote({
      boot: BOOT,
      segment: 1,
      durable: LARGEST,
      standing: EMPTY_HEAD,
      writing: null,
    });
    expect(() => decodeHeadNote(disordered)).toThrow('its heads are out of order');
    for (const durable of [EMPTY_HEAD, { ...LARGEST, seq: 7 }, { ...LARGEST, seq: 8, bytes: 0 }]) {
      const elsewhere = encodeHeadNote({ boot: BOOT, segment: 8, durable, standing: LARGEST, writing: null });
      expect(() => decodeHeadNote(elsewhere)).toThrow('its heads are not those of its segment');
    }
  });
});
