import { describe, expect, test } from 'vitest';
import { messages, refusal, request, start } from '../drivers/start.ts';

const driver = 'test/fixtures/drivers/with-sdk/with-sdk.ts';

describe('a driver that uses the SDK', () => {
  test('answers with the id of the request, and ends with status 0', async () => {
    const ended = await start(driver, request('add', { left: 1, right: 2 }));
    expect(ended).toEqual({
      status: 0,
      signal: null,
      stdout: '{"jsonrpc":"2.0","id":1,"result":3}\n',
      stderr: '',
    });
  });

  test('answers without waiting for the end of stdin once the line is complete', async () => {
    const ended = await start(driver, `${request('add', { left: 1, right: 2 })}this is not read`);
    expect(messages(ended.stdout)).toEqual([{ jsonrpc: '2.0', id: 1, result: 3 }]);
  });

  test('waits for an asynchronous handler, and ends although it left a timer behind', async () => {
    const ended = await start(driver, request('later'));
    expect(ended.status).toBe(0);
    expect(messages(ended.stdout)).toEqual([{ jsonrpc: '2.0', id: 1, result: 'done' }]);
  });

  test('writes a result larger than a pipe whole', async () => {
    const ended = await start(driver, request('large', { bytes: 3_000_000 }));
    expect(messages(ended.stdout)).toEqual([{ jsonrpc: '2.0', id: 1, result: 'x'.repeat(3_000_000) }]);
  });

  test('turns a declared error into its word and details', async () => {
    expect(await refusal(driver, 'refuse')).toEqual({
      code: -32_000,
      message: 'Cannot do it: not_found',
      data: { error: 'not_found', details: { name: 'it' } },
    });
  });

  test('keeps the text of any other error to stderr (J3)', async () => {
    const ended = await start(driver, request('break'));
    expect(messages(ended.stdout)).toEqual([
      { jsonrpc: '2.0', id: 1, error: { code: -32_603, message: 'Internal error' } },
    ]);
    expect(ended.stderr).toContain('the password is hunter2');
    expect(ended.status).toBe(0);
  });

  test('does not answer with a result that has no JSON form, and ends with status 1', async () => {
    const ended = await start(driver, request('unprintable'));
    expect(ended.stdout).toBe('');
    expect(ended.stderr).toContain('circular');
    expect(ended.status).toBe(1);
  });

  test('hands out params that inherit nothing', async () => {
    const ended = await start(driver, request('inherited'));
    expect(messages(ended.stdout)).toEqual([{ jsonrpc: '2.0', id: 1, result: true }]);
  });

  test.each(['nothing', 'constructor', '__proto__'])('has no method %s', async (method) => {
    expect(await refusal(driver, method)).toEqual({ code: -32_601, message: 'Method not found' });
  });

  test.each(['', 'rubbish\n', '[]\n', '{"id":1}\n', '{"id":1,"method":"add","params":[1,2]}\n'])(
    'refuses the request %j',
    async (line) => {
      expect(messages((await start(driver, line)).stdout)).toEqual([
        { jsonrpc: '2.0', id: null, error: { code: -32_600, message: 'Invalid Request' } },
      ]);
    },
  );

  test('keeps a log message on one line', async () => {
    const ended = await start(driver, request('say'));
    expect(messages(ended.stdout)).toEqual([
      { jsonrpc: '2.0', method: 'log', params: { level: 'warn', message: 'two\nlines' } },
      { jsonrpc: '2.0', id: 1, result: null },
    ]);
  });

  test('sends no progress that was not asked for', async () => {
    const ended = await start(driver, request('count', { to: 5, interval_ms: 0 }));
    expect(messages(ended.stdout)).toEqual([{ jsonrpc: '2.0', id: 1, result: 5 }]);
  });

  test.each([0, 5])('coalesces progress %i ms apart, and sends the last before the answer', async (apart) => {
    const ended = await start(driver, request('count', { to: 100, interval_ms: apart }, true));
    const said = messages(ended.stdout);
    expect(said.at(-1)).toEqual({ jsonrpc: '2.0', id: 1, result: 100 });
    expect(said[0]).toMatchObject({ method: 'progress', params: { progress: 1, total: 100 } });
    expect(said.at(-2)).toEqual({
      jsonrpc: '2.0',
      method: 'progress',
      params: { progress: 100, total: 100, message: 'step 100' },
    });
    expect(said.length).toBeLessThan(100);
  });
});
