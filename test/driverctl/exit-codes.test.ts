import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { exitCodes, exitForReason } from '../../src/driverctl/exit-codes.ts';
import { errorTable } from '../../src/shared/errors.ts';

const all = Object.values(exitCodes);

describe('exit codes', () => {
  test('differ from each other', () => {
    expect(new Set(all.map(({ status }) => status)).size).toBe(all.length);
  });

  test('cover every reason of protocol/errors.json exactly once', () => {
    const reasons = all.flatMap((code): readonly string[] => code.reasons);
    expect(reasons.toSorted()).toEqual(Object.keys(errorTable).toSorted());
  });

  test('have an answer to a reason that driverctl does not know', () => {
    expect(exitForReason('from-a-later-version')).toBe('other');
    expect(exitForReason('forbidden')).toBe('denied');
  });

  test('stand in docs/driverctl.md as in the table', () => {
    const text = readFileSync(new URL('../../docs/driverctl.md', import.meta.url), 'utf8');
    const rows = text.split('\n').filter((line) => /^\| [0-9]+ \|/u.test(line));
    const expected = all.map(({ status, meaning, reasons }) => {
      const words = reasons.length === 0 ? '' : `${reasons.map((reason) => `\`${reason}\``).join(', ')} `;
      return `| ${status} | ${meaning} | ${words}|`;
    });
    expect(rows).toEqual(expected);
  });
});
