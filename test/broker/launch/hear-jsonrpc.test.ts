import { expect, test } from 'vitest';
import { hearJsonRpc } from '../../../src/broker/launch/hear-jsonrpc.ts';
import type { JsonObject } from '../../../src/shared/json-value.ts';
import { limits, loadMethod, SECRET, scrubber } from './fixtures.ts';

/** The progress that a caller sees of what a driver tells. */
function progressOf(params: JsonObject, secret = SECRET): JsonObject[] {
  const seen: JsonObject[] = [];
  const hearing = hearJsonRpc(loadMethod('jsonrpc', '    result: {}\n'), limits, scrubber(secret), {
    answered: () => undefined,
    bad: () => expect.unreachable(),
    progress: (progress) => void seen.push(progress),
    message: () => expect.unreachable(),
  });
  hearing.stdout(Buffer.from(`${JSON.stringify({ jsonrpc: '2.0', method: 'progress', params })}\n`));
  return seen;
}

test('a progress message is scrubbed before it is cut, wherever the cut falls (C9)', () => {
  for (let before = 1_024 - SECRET.length - 1; before <= 1_024; before += 1) {
    const [progress] = progressOf({ progress: 1, message: `${'ab '.repeat(400).slice(0, before)}${SECRET}` });
    expect(progress?.['message']).not.toContain(SECRET.slice(0, 3));
    expect(String(progress?.['message']).length).toBeLessThanOrEqual(1_024);
  }
});

test('numbers of a progress that are a known value do not travel on (C9)', () => {
  expect(progressOf({ progress: 8_273_645_199, total: 9_000_000_000 }, '8273645199')).toEqual([]);
  expect(progressOf({ progress: 1, total: 8_273_645_199, message: 'x' }, '8273645199')).toEqual([
    { progress: 1, message: 'x' },
  ]);
  expect(progressOf({ progress: 1, total: 2 }, '8273645199')).toEqual([{ progress: 1, total: 2 }]);
});
