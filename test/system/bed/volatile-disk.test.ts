import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { BLOCK, openVolatileDisk, SECTOR, type VolatileDisk } from './volatile-disk.ts';

const BLOCKS = 1000;

function makeDisk(): { readonly disk: VolatileDisk; readonly platter: () => Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'driverd-disk-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'platter');
  writeFileSync(path, Buffer.alloc(BLOCKS * BLOCK));
  return { disk: openVolatileDisk(path), platter: () => readFileSync(path) };
}

const filled = (blocks: number, byte: number): Buffer => Buffer.alloc(blocks * BLOCK, byte);

test('a disk whose power is cut has what was flushed, and nothing else of what it had shown as written', () => {
  const { disk, platter } = makeDisk();
  disk.write(BLOCK, filled(2, 1));
  disk.flush();
  disk.write(2 * BLOCK, filled(2, 2));
  const whole = Buffer.concat([filled(1, 0), filled(1, 1), filled(2, 2)]);
  expect(disk.read(0, 4 * BLOCK).equals(whole)).toBe(true);
  expect(disk.cut(0)).toEqual({ kept: 0, lost: 2 });
  expect(
    platter()
      .subarray(0, 4 * BLOCK)
      .equals(Buffer.concat([filled(1, 0), filled(2, 1), filled(1, 0)])),
  ).toBe(true);
});

test('sectors are written and read within blocks and across them', () => {
  const { disk, platter } = makeDisk();
  const bytes = Buffer.concat([1, 2, 3].map((byte) => Buffer.alloc(SECTOR, byte)));
  disk.write(BLOCK - SECTOR, bytes);
  expect(disk.read(BLOCK - SECTOR, bytes.length).equals(bytes)).toBe(true);
  disk.write(BLOCK, Buffer.alloc(SECTOR, 4));
  disk.flush();
  const shown = platter().subarray(BLOCK - 2 * SECTOR, BLOCK + 3 * SECTOR);
  expect([0, 1, 2, 3, 4].map((sector) => shown[sector * SECTOR])).toEqual([0, 1, 4, 3, 0]);
});

test('blocks that were not flushed are each kept or lost by themselves', () => {
  const { disk, platter } = makeDisk();
  disk.write(0, filled(BLOCKS, 1));
  const { kept, lost } = disk.cut(0.5);
  expect(kept + lost).toBe(BLOCKS);
  expect(Math.min(kept, lost)).toBeGreaterThan(BLOCKS / 4);
  expect(platter().reduce((sum, byte) => sum + byte, 0)).toBe(kept * BLOCK);
});

test('a disk without power takes nothing more', () => {
  const { disk } = makeDisk();
  disk.cut(1);
  expect(disk.isOff).toBe(true);
  expect(() => disk.write(0, filled(1, 1))).toThrow(RangeError);
});

test.each([
  ['in the middle of a sector', 1, SECTOR],
  ['of half a sector', 0, SECTOR / 2],
  ['behind the end', BLOCKS * BLOCK, SECTOR],
])('reading %s is refused', (_where, offset, length) => {
  expect(() => makeDisk().disk.read(offset, length)).toThrow(RangeError);
});
