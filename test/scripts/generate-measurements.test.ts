import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { alone, compared, isMet, unmeasured } from '../../bench/calls/measurement.ts';
import { type Results, readResults } from '../../bench/calls/results-file.ts';
import { ASKED_ROWS } from '../../bench/calls/table.ts';
import { renderMeasurements } from '../../scripts/generate-measurements.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

test('README has the table of the last measurement: else run npm run generate', () => {
  expect(renderMeasurements(readme, readResults())).toBe(readme);
});

test('bench/results.json has every row that is asked for, each name once', () => {
  const names = readResults().rows.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining([...ASKED_ROWS]));
  expect(new Set(names).size).toBe(names.length);
});

test('a row without a number says why, and every other one has been measured', () => {
  for (const { ours, note, runs } of readResults().rows) {
    if (ours === null) expect(note).toBeTypeOf('string');
    else expect(runs).toBeGreaterThan(0);
  }
});

test('the table says yes, no, or that it was not measured', () => {
  const question = {
    name: 'x',
    what: 'one | other',
    peer_name: 'them',
    unit: 'ms',
    better: 'less',
    aim: 2,
  } as const;
  const speed = { ...question, name: 'y', better: 'more', unit: 'MB/s' } as const;
  const rows = [
    compared(question, [1, 1, 1], [1, 1, 1]),
    compared(question, [9, 9, 9], [1, 1, 1]),
    compared(speed, [9, 9, 9], [1, 1, 1]),
    alone({ ...question, peer_name: null, judged: 'ours' }, [3]),
    unmeasured(question, 'not supported by this build'),
  ];
  expect(rows.map(isMet)).toEqual([true, false, true, false, null]);
  const results: Results = { ...readResults(), rows };
  const table = renderMeasurements(readme, results).split('\n');
  expect(table).toContain('| one \\| other `x` | 1 (1) ms | 1 (1) ms: them | 1 | 2 at most: yes |');
  expect(table).toContain('| one \\| other `x` | 9 (9) ms | 1 (1) ms: them | 9 | 2 at most: **no** |');
  expect(table).toContain('| one \\| other `y` | 9 (9) MB/s | 1 (1) MB/s: them | 9 | 2 at least: yes |');
  expect(table).toContain('| one \\| other `x` | 3 ms |  |  | 2 ms at most: **no** |');
  expect(table).toContain(
    '| one \\| other (not supported by this build) `x` | not measured | them |  | 2 at most |',
  );
});
