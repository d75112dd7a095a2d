import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { scanSegment } from '../../../src/driverctl/audit/scan-segment.ts';
import { openSegment } from '../../../src/driverctl/audit/segment-reader.ts';
import { LINE_BYTES_MAXIMUM } from '../../../src/shared/audit/record.ts';
import { playLog } from './played-log.ts';

async function scan(
  text: string,
  needles: readonly string[] | null,
  isCompressed: boolean,
  most = Number.POSITIVE_INFINITY,
): Promise<{ lines: string[]; isWhole: boolean }> {
  const path = join(playLog().folder, 'segment');
  writeFileSync(path, isCompressed ? gzipSync(text) : text);
  const reader = await openSegment({ path, first: 1, isCompressed });
  if (reader === null) throw new Error('it is not there');
  const lines: string[] = [];
  const wanted = needles?.map((needle) => Buffer.from(needle)) ?? null;
  const isWhole = await scanSegment(reader, wanted, (line) => {
    lines.push(line.toString());
    return lines.length < most;
  });
  await reader.close();
  return { lines, isWhole };
}

// Longer than a piece, with lines that pieces end in.
const all = Array.from({ length: 20_000 }, (_, index) => `line ${index} ${'x'.repeat(index % 61)}`);
const text = `${all.join('\n')}\n`;

describe.each([false, true])('a segment, compressed: %s', (isCompressed) => {
  test('gives every line where nothing is looked for', async () => {
    expect(await scan(text, null, isCompressed)).toEqual({ lines: all, isWhole: true });
  });

  test('gives the lines that hold a needle, wherever they stand, and each once', async () => {
    const holding = all.filter((line) => line.includes('99 '));
    expect(await scan(text, ['99 '], isCompressed)).toEqual({ lines: holding, isWhole: true });
    expect((await scan(text, ['line 0 '], isCompressed)).lines).toEqual([all[0]]);
    expect((await scan(text, ['line 19999 '], isCompressed)).lines).toEqual([all[19_999]]);
    expect((await scan(text, ['nowhere'], isCompressed)).lines).toEqual([]);
    expect((await scan('ee e\ne\n', ['e'], isCompressed)).lines).toEqual(['ee e', 'e']);
  });

  test('gives the lines that hold one of several needles', async () => {
    const { lines } = await scan(text, ['line 7 ', 'line 12345 ', 'nowhere'], isCompressed);
    expect(lines).toEqual([all[7], all[12_345]]);
  });

  test('counts what stands behind the last newline as a line', async () => {
    expect((await scan('a 1\nb', null, isCompressed)).lines).toEqual(['a 1', 'b']);
    expect((await scan('a 1\nb 1', ['1'], isCompressed)).lines).toEqual(['a 1', 'b 1']);
  });

  test('cuts a line that is longer than any record', async () => {
    const long = `needle ${'y'.repeat(3_000_000)}`;
    const { lines } = await scan(`a\n${long}\nneedle b\n`, ['needle'], isCompressed);
    expect(lines).toEqual([long.slice(0, LINE_BYTES_MAXIMUM), 'needle b']);
    expect((await scan(`a\n${'z'.repeat(100_000)}\nb\n`, null, isCompressed)).lines).toEqual([
      ...['a', 'z'.repeat(LINE_BYTES_MAXIMUM), 'b'],
    ]);
  });

  test('is read no further than is wanted', async () => {
    expect(await scan(text, null, isCompressed, 3)).toEqual({ lines: all.slice(0, 3), isWhole: false });
    expect((await scan(text, ['line'], isCompressed, 2)).lines).toHaveLength(2);
  });
});
