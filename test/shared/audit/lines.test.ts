import { writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readLines } from '../../../src/shared/audit/lines.ts';
import { LINE_BYTES_MAXIMUM } from '../../../src/shared/audit/record.ts';
import { makeFolder } from './made-log.ts';

async function linesOf(content: string, from = 0, to = content.length): Promise<[number, number, boolean][]> {
  const path = join(makeFolder(), 'log');
  writeFileSync(path, content);
  const file = await open(path);
  const lines: [number, number, boolean][] = [];
  await readLines(file, from, to, ({ offset, bytes, terminated }) => {
    lines.push([offset, bytes.length, terminated]);
    return true;
  });
  await file.close();
  return lines;
}

test('lines are found over any number of chunks', async () => {
  const content = Array.from({ length: 3000 }, (_, index) => `${'x'.repeat(index % 1000)}\n`).join('');
  const lines = await linesOf(content);
  expect(lines).toHaveLength(3000);
  expect(lines.every(([, length, terminated], index) => length === index % 1000 && terminated)).toBe(true);
  expect(lines.at(-1)?.[0]).toBe(content.length - 1000);
});

test('a line without an end, and one that ends outside the part asked for, are not terminated', async () => {
  expect(await linesOf('a\nbc')).toEqual([
    [0, 1, true],
    [2, 2, false],
  ]);
  expect(await linesOf('a\nbc\nd', 2, 4)).toEqual([[2, 2, false]]);
  expect(await linesOf('')).toEqual([]);
});

test('a line over its limit is given once, cut, and ends the reading', async () => {
  const longest = 'x'.repeat(LINE_BYTES_MAXIMUM - 1);
  expect(await linesOf(`${longest}\na\n`)).toEqual([
    [0, LINE_BYTES_MAXIMUM - 1, true],
    [LINE_BYTES_MAXIMUM, 1, true],
  ]);
  expect(await linesOf(`a\nx${longest}\na\n`)).toMatchObject([
    [0, 1, true],
    [2, expect.any(Number), false],
  ]);
  expect(await linesOf('x'.repeat(5_000_000))).toMatchObject([[0, expect.any(Number), false]]);
});
