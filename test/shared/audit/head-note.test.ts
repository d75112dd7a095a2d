import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  decodeHeadNote,
  EMPTY_HEAD,
  encodeHeadNote,
  HEAD_NOTE_BYTES,
  openHeadNote,
  readLiveHeadNote,
} from '../../../src/shared/audit/head-note.ts';
import { makeFolder } from './made-log.ts';

const BOOT = 'c5456ee4-1f33-4d89-8ae4-378f00b84f8f';
const LOOKS = 20_000;
/** Writes one note and the other, over and over. */
const WRITE_OVER = `
  const { openSync, writeSync } = require('node:fs');
  const { parentPort, workerData: { path, blocks } } = require('node:worker_threads');
  const file = openSync(path, 'r+');
  parentPort.postMessage('writing');
  for (;;) for (const block of blocks) writeSync(file, block, 0, block.length, 0);
`;
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

  test('is read whole while it is written over, though one look may see half of each (A8)', async () => {
    const path = join(makeFolder(), 'audit-head');
    const notes = ['a', 'b'].map((digit) => {
      const head = { seq: 1, hash: digit.repeat(64), bytes: 1 };
      return { boot: BOOT, segment: 1, durable: head, standing: head, writing: head };
    });
    const blocks = notes.map(encodeHeadNote);
    writeFileSync(path, blocks[0] ?? '');
    const writer = new Worker(WRITE_OVER, { eval: true, workerData: { path, blocks } });
    await once(writer, 'message');
    const file = await openHeadNote(path);
    onTestFinished(async () => {
      await writer.terminate();
      await file.close();
    });
    for (let look = 0; look < LOOKS; look += 1) {
      const { durable, standing, writing } = await readLiveHeadNote(file);
      expect([standing.hash, writing?.hash]).toEqual([durable.hash, durable.hash]);
    }
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
