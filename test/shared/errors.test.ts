import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { generatedFiles, readErrorRows } from '../../scripts/generate-errors.ts';
import { errorObject, errorTable } from '../../src/shared/errors.ts';

const root = new URL('../../', import.meta.url);
const rows = readErrorRows();

describe('the error table', () => {
  test.each(generatedFiles)(
    '$path is what scripts/generate-errors.ts makes of protocol/errors.json',
    ({ path, render }) => {
      expect(readFileSync(new URL(path, root), 'utf8')).toBe(render(rows));
    },
  );

  test('is the same in the code', () => {
    expect(errorTable).toEqual(
      Object.fromEntries(
        rows.map(({ reason, code, message, retryable }) => [reason, { code, message, retryable }]),
      ),
    );
  });

  test('names every reason and every code once', () => {
    expect(new Set(rows.map(({ reason }) => reason)).size).toBe(rows.length);
    expect(new Set(rows.map(({ code }) => code)).size).toBe(rows.length);
  });

  test.each(rows)(
    '$reason has a code that JSON-RPC 2.0 section 5.1 defines or leaves to servers',
    ({ code }) => {
      const defined = [-32700, -32600, -32601, -32602, -32603].includes(code);
      expect(defined || (code >= -32099 && code <= -32000)).toBe(true);
    },
  );

  test.each(rows)('$reason is a plain word, its message one sentence, its meaning one table cell', (row) => {
    expect(row.reason).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(row.message).toMatch(row.reason === 'driver-error' ? /^The driver / : /^Cannot [a-z].*[^.]$/);
    expect(row.message + row.meaning).not.toMatch(/[|\n]/);
  });
});

describe('an error object', () => {
  test('carries the request id, the reason and whether it can be tried again', () => {
    expect(errorObject('timeout', 'r1')).toEqual({
      code: -32013,
      message: errorTable.timeout.message,
      data: { request_id: 'r1', reason: 'timeout', retryable: true },
    });
  });

  test('carries more on request, but nothing replaces its own members (J20)', () => {
    const { data } = errorObject('invalid-params', 'r2', {
      at: '/path',
      rule: 'type',
      reason: 'forbidden',
      request_id: 'x',
    });
    expect(data).toEqual({
      request_id: 'r2',
      reason: 'invalid-params',
      retryable: false,
      at: '/path',
      rule: 'type',
    });
    expect(Object.keys(data)[0]).toBe('request_id');
  });
});
