import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Progress } from '../../../src/driverctl/ship/flight.ts';
import { openPositionFile } from '../../../src/driverctl/ship/position-file.ts';
import { temporaryFolder } from './played-receiver.ts';

const hash = 'a'.repeat(64);
const PROGRESS: Progress = {
  taken: { segment: 1, seq: 5, offset: 2_000, hash },
  sent: { seq: 7, hash },
  missed: 3,
};

describe('the position of a shipper', () => {
  test('begins with nothing, is kept whole, and is its owner’s alone', async () => {
    const path = join(temporaryFolder(), 'position');
    const first = await openPositionFile(path);
    expect(first.progress).toEqual({ taken: null, sent: null, missed: 0 });
    await first.save(PROGRESS);
    first.close();
    expect((await openPositionFile(path)).progress).toEqual(PROGRESS);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('is one shipper’s at a time', async () => {
    const path = join(temporaryFolder(), 'position');
    const first = await openPositionFile(path);
    await expect(openPositionFile(path)).rejects.toThrow(
      `Cannot use the position ${path}: another shipper has it`,
    );
    first.close();
    (await openPositionFile(path)).close();
  });

  test.each([
    ['cut off', '{"version":1,"taken":{"segm'],
    ['empty', ''],
    ['of another version', '{"version":2,"taken":null,"sent":null,"missed":0}'],
    ['with a hash that is none', '{"version":1,"taken":null,"sent":{"seq":1,"hash":"../../x"},"missed":0}'],
    ['with a number that is none', '{"version":1,"taken":null,"sent":null,"missed":-1}'],
    ['with half a position', `{"version":1,"taken":{"seq":1,"hash":"${hash}"},"sent":null,"missed":0}`],
  ])(
    'is refused and left as it is where it is %s: a guess would lose records or send all again',
    async (_, text) => {
      const path = join(temporaryFolder(), 'position');
      writeFileSync(path, text);
      await expect(openPositionFile(path)).rejects.toThrow(/it is not one; remove it to ship the whole log$/);
      expect(readFileSync(path, 'utf8')).toBe(text);
    },
  );

  test('is refused where it cannot be kept', async () => {
    const folder = temporaryFolder();
    await expect(openPositionFile(join(folder, 'nowhere/position'))).rejects.toThrow(/it does not exist$/);
    mkdirSync(join(folder, 'position'));
    await expect(openPositionFile(join(folder, 'position'))).rejects.toThrow(/it is a folder$/);
  });
});
