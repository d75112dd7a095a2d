import { describe, expect, test } from 'vitest';
import { readParams } from '../../../src/driverctl/call/params.ts';

const stdin = (text: string) => ({ isTerminal: false, readAll: async () => Buffer.from(text) });
const unread = {
  isTerminal: false,
  readAll: async (): Promise<Buffer> => {
    throw new Error('standard input was read');
  },
};

describe('params', () => {
  test('are an empty object where none are given', async () => {
    expect(await readParams([], unread)).toEqual({ values: {}, onCommandLine: [], readStdin: false });
  });

  test('are one JSON object', async () => {
    const { values, onCommandLine } = await readParams(['{"path":"/srv","depth":2}'], unread);
    expect(values).toEqual({ path: '/srv', depth: 2 });
    expect(onCommandLine).toEqual(['path', 'depth']);
  });

  test('come from standard input for a dash, and then stand on no command line (U3)', async () => {
    const params = await readParams(['-'], stdin('{"token":"s3cret"}\n'));
    expect(params).toEqual({ values: { token: 's3cret' }, onCommandLine: [], readStdin: true });
  });

  test('are name=value words whose values are JSON where they can be', async () => {
    const words = [
      'path=/srv',
      'depth=2',
      'all=true',
      'keys=["a","b"]',
      'text="2"',
      'empty=',
      'sum=a=b',
      'big=1e999',
    ];
    expect((await readParams(words, unread)).values).toEqual({
      path: '/srv',
      depth: 2,
      all: true,
      keys: ['a', 'b'],
      text: '2',
      empty: '',
      sum: 'a=b',
      big: '1e999',
    });
  });

  test.each([
    [['word'], 'Cannot read param 1: it is neither name=value nor a JSON object'],
    [['a=1', '=2'], 'Cannot read param 2: it is neither name=value nor a JSON object'],
    [['a=1', 'a=2'], 'Cannot read param 2: a was given before'],
    [['__proto__={}'], 'Cannot read param 1: __proto__ is a reserved name'],
    [['_meta={}'], 'Cannot read param 1: _meta is a reserved name'],
    [['{"_meta":{}}'], 'Cannot read the params: _meta is set by options'],
    [['{"a":1,"a":2}'], 'Cannot read the params: a key occurs twice in one object'],
    [['{"a":'], 'Cannot read the params: it is not one JSON value'],
    [['[1]'], 'Cannot read param 1'],
  ])('are refused for %j, and no value is quoted', async (words, message) => {
    await expect(readParams(words, unread)).rejects.toThrow(message);
  });

  test('are refused where standard input holds no object', async () => {
    await expect(readParams(['-'], stdin('[1]'))).rejects.toThrow(
      'Cannot read the params: they are no JSON object',
    );
    await expect(readParams(['-'], stdin(''))).rejects.toThrow(
      'Cannot read the params: it is not one JSON value',
    );
  });

  test('take a param with a name of Object.prototype as any other', async () => {
    expect(Object.keys((await readParams(['constructor=1', 'toString=2'], unread)).values)).toEqual([
      'constructor',
      'toString',
    ]);
  });
});
