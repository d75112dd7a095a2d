import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { compressedPath, listSegments, sealsPath, segmentPath } from '../../../src/shared/audit/segments.ts';
import { makeFolder } from './made-log.ts';
import { readSegment } from './read-segment.ts';

test('the files of a log are listed in the order of their records, and no other file is one', async () => {
  const path = join(makeFolder(), 'audit.jsonl');
  expect(await listSegments(path)).toEqual([]);
  const [first, second, third] = [1, 2_000, 1_000_000].map((seq) => segmentPath(path, seq));
  for (const file of [third, path, compressedPath(first ?? ''), second, sealsPath(path)])
    writeFileSync(file ?? '', '');
  for (const name of ['audit-1.jsonl', 'other-0000000000000001.jsonl', 'audit-0000000000000001.jsonl.gz.new'])
    writeFileSync(join(path, '..', name), '');
  mkdirSync(join(path, '..', 'audit'));
  expect((await listSegments(path)).map(({ first, isCompressed }) => [first, isCompressed])).toEqual([
    [1, true],
    [2_000, false],
    [1_000_000, false],
    [null, false],
  ]);
});

test('a segment that stands there plain and compressed is listed once, and plain', async () => {
  const path = join(makeFolder(), 'audit.jsonl');
  const plain = segmentPath(path, 7);
  for (const file of [plain, compressedPath(plain)]) writeFileSync(file, '');
  expect(await listSegments(path)).toEqual([{ path: plain, first: 7, isCompressed: false }]);
});

test.each([false, true])('a segment is read line by line, compressed: %s', async (isCompressed) => {
  const path = join(makeFolder(), 'segment');
  const text = Array.from({ length: 50_000 }, (_, index) => `line ${index}\n`).join('');
  writeFileSync(path, isCompressed ? gzipSync(text) : text);
  let read = '';
  await readSegment({ path, first: 1, isCompressed }, ({ bytes, offset }) => {
    if (offset !== read.length) throw new Error(`offset ${offset} after ${read.length} bytes`);
    read += `${bytes.toString()}\n`;
    return true;
  });
  expect(read).toBe(text);
});

test('reading ends where nothing more is wanted', async () => {
  const path = join(makeFolder(), 'segment');
  writeFileSync(path, gzipSync('a\n'.repeat(2_000_000)));
  let count = 0;
  await readSegment({ path, first: 1, isCompressed: true }, () => {
    count += 1;
    return count < 3;
  });
  expect(count).toBe(3);
});
