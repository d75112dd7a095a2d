import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { messages, request, start } from './start.ts';

const echo = 'test/fixtures/drivers/echo/echo.mjs';
const misbehave = 'test/fixtures/drivers/misbehave/misbehave.mjs';
const showArguments = fileURLToPath(new URL('../fixtures/drivers/arguments/show-arguments', import.meta.url));

describe('the drivers that tests use', () => {
  test('echo speaks the protocol without the SDK', async () => {
    const ended = await start(echo, request('say', { text: 'ü\n' }));
    expect(messages(ended.stdout)).toEqual([{ jsonrpc: '2.0', id: 1, result: { text: 'ü\n' } }]);
  });

  test('show-arguments shows each on a line, and the variable last', () => {
    const words = ['--', '', 'a b', '-n', '\\t'];
    const output = execFileSync(showArguments, words, { env: { LC_ALL: 'C' }, encoding: 'utf8' });
    expect(output).toBe(`${[...words, 'C'].join('\n')}\n`);
  });

  test.each([
    ['crash', { status: null, signal: 'SIGSEGV', stdout: '' }],
    ['exit7', { status: 7, stdout: '', stderr: 'it did not work out\n' }],
    ['rubbish', { status: 0, stdout: 'this is no JSON\n' }],
    ['noanswer', { status: 0, stdout: '' }],
    ['forged', { status: 0, stdout: '{"jsonrpc":"2.0","id":2,"result":{"ok":true}}\n' }],
    ['duplicate', { status: 0, stdout: '{"jsonrpc":"2.0","id":1,"result":{"ok":true,"ok":true}}\n' }],
  ])('misbehave.%s does what it says', async (method, expected) => {
    expect(await start(misbehave, request(method))).toMatchObject(expected);
  });

  test('misbehave.progress sends every step, and twice answers twice', async () => {
    const steps = await start(misbehave, request('progress', { steps: 500, interval_ms: 0 }, true));
    expect(messages(steps.stdout)).toHaveLength(501);
    expect(messages((await start(misbehave, request('twice'))).stdout)).toHaveLength(2);
  });

  test('misbehave.report tells of its own process', async () => {
    const paths = ['/', '/nothing-here'];
    const [message] = messages((await start(misbehave, request('report', { paths }))).stdout);
    expect(message).toMatchObject({
      result: {
        status: expect.stringContaining('NoNewPrivs:'),
        descriptors: expect.objectContaining({ 0: expect.any(String) }),
        umask: expect.stringMatching(/^0[0-7]{3}$/),
        cwd: process.cwd(),
        opened: { '/': true, '/nothing-here': 'ENOENT' },
      },
    });
  });

  test('no file holds the key that misbehave.secret shows, so that no scanner finds one', () => {
    const path = fileURLToPath(new URL(`../../${misbehave}`, import.meta.url));
    expect(readFileSync(path, 'utf8')).not.toMatch(/AKIA[A-Z0-9]{16}/);
  });
});
