import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Envelope, type EnvelopeElement, readEnvelope } from '../../../src/broker/frame/envelope.ts';
import { JsonRefused, parseJson } from '../../../src/shared/json/parse.ts';

function envelopeOf(text: string, batchLength = 64): Envelope {
  return readEnvelope(parseJson(Buffer.from(text), { depth: 64, keys: 1_000_000 }), { batchLength });
}

function single(text: string): EnvelopeElement {
  const envelope = envelopeOf(text);
  if (envelope.kind !== 'single') throw new Error('Cannot read a single call: it is a batch');
  return envelope.element;
}

function batch(text: string, batchLength = 64): readonly EnvelopeElement[] {
  const envelope = envelopeOf(text, batchLength);
  if (envelope.kind !== 'batch') throw new Error('Cannot read a batch: it is none');
  return envelope.elements;
}

const invalid = { kind: 'invalid', id: null };

function call(members: string): string {
  return `{"jsonrpc":"2.0","method":"a.b"${members === '' ? '' : `,${members}`}}`;
}

describe('a call', () => {
  test('has an id and a method of at most 256 bytes of UTF-8 each (J12, J17)', () => {
    for (const [longest, tooLong] of [
      ['x'.repeat(256), 'x'.repeat(257)],
      ['é'.repeat(128), 'é'.repeat(129)],
    ]) {
      expect(single(call(`"id":"${longest}"`))).toMatchObject({ request: { id: longest } });
      expect(single(call(`"id":"${tooLong}"`))).toEqual(invalid);
      expect(single(`{"jsonrpc":"2.0","id":1,"method":"${longest}"}`)).toMatchObject({
        request: { method: longest },
      });
      expect(single(`{"jsonrpc":"2.0","id":1,"method":"${tooLong}"}`)).toEqual({ kind: 'invalid', id: 1 });
    }
  });

  test('has an id, a method and params by name or by position', () => {
    expect(single(call('"id":7,"params":{"a":1}'))).toEqual({
      kind: 'request',
      request: { id: 7, method: 'a.b', params: parseJson(Buffer.from('{"a":1}'), { depth: 9, keys: 9 }) },
    });
    expect(single(call('"id":"x","params":[1]'))).toMatchObject({ request: { id: 'x', params: [1] } });
    expect(single(call('"id":null'))).toMatchObject({
      kind: 'request',
      request: { id: null, params: undefined },
    });
  });

  test('without an id is a notification', () => {
    expect(single(call('"params":[]'))).toMatchObject({
      kind: 'request',
      request: { id: undefined, params: [] },
    });
  });

  test.each(['1', '"x"', 'null', 'true', '{}'])('cannot be %s', (text) => {
    expect(single(text)).toEqual(invalid);
  });

  test.each([
    '',
    '"jsonrpc":2.0,',
    '"jsonrpc":"1.0",',
    '"jsonrpc":"2.0 ",',
    '"jsonrpc":"2",',
    '"jsonrpc":null,',
    '"jsonrpc":["2.0"],',
  ])('with %j in place of its version is invalid (J11)', (version) => {
    expect(single(`{${version}"method":"a.b","id":1}`)).toEqual({ kind: 'invalid', id: 1 });
  });

  test.each(['1.5', '1e300', '9007199254740992', '{}', '{"a":1}', '[]', '[1]', 'true', 'false'])(
    'with the id %s is invalid and answered under null (J12)',
    (id) => {
      expect(single(call(`"id":${id}`))).toEqual(invalid);
    },
  );

  test.each(['""', '"1"', '-1', '0', '9007199254740991', '"__proto__"'])(
    'keeps the id %s exactly (J12)',
    (id) => {
      expect(single(call(`"id":${id}`))).toMatchObject({ kind: 'request', request: { id: JSON.parse(id) } });
    },
  );

  test.each(['null', '"x"', '1', 'true'])('with the params %s is invalid (J18)', (params) => {
    expect(single(call(`"id":1,"params":${params}`))).toEqual({ kind: 'invalid', id: 1 });
  });

  test.each([
    '"extra":1',
    '"_meta":{}',
    '"result":1',
    '"error":null',
    '"Params":{}',
    '"constructor":1',
    '"":1',
  ])('with the further member %s is invalid (J18)', (member) => {
    expect(single(call(`"id":1,${member}`))).toEqual({ kind: 'invalid', id: 1 });
  });

  test.each(['1', 'null', '["a.b"]', '{}'])('with the method %s is invalid (J17)', (method) => {
    expect(single(`{"jsonrpc":"2.0","id":1,"method":${method}}`)).toEqual({ kind: 'invalid', id: 1 });
  });

  test.each(['""', '"rpc.discover"', '"__proto__"', '"constructor"', '"../x"', '"a.b\\u0000"'])(
    'may name any method: %s is for later stages to refuse (J17)',
    (method) => {
      expect(single(`{"jsonrpc":"2.0","id":1,"method":${method}}`)).toMatchObject({
        request: { method: JSON.parse(method) },
      });
    },
  );
});

test.each([
  '{"jsonrpc":"2.0","result":1,"id":3}',
  '{"jsonrpc":"2.0","error":{"code":1,"message":"x"},"id":3}',
])('a response is no call: %s', (text) => {
  expect(single(text)).toEqual({ kind: 'invalid', id: 3 });
});

describe('a batch', () => {
  test.each([1, 63, 64])('of %d is read', (length) => {
    expect(batch(`[${Array(length).fill('1').join()}]`)).toHaveLength(length);
  });

  test.each([0, 65, 100_000])('of %d is invalid as a whole (J14)', (length) => {
    expect(envelopeOf(`[${Array(length).fill('1').join()}]`)).toEqual({ kind: 'invalid' });
  });

  test('is not nested', () => {
    expect(batch(`[[${call('"id":1')}]]`)).toEqual([invalid]);
  });

  test.each([
    ['1', '1'],
    ['"a"', '"\\u0061"'],
    ['null', 'null'],
    ['0', '-0'],
    ['1', '1.0'],
  ])('refuses the second of two calls with the ids %s and %s, under null (J12)', (first, second) => {
    const [one, two, three] = batch(
      `[${call(`"id":${first}`)},${call(`"id":${second}`)},${call('"id":"other"')}]`,
    );
    expect([one?.kind, two, three?.kind]).toEqual(['request', invalid, 'request']);
  });

  test('keeps ids of different types, and notifications, apart', () => {
    const elements = batch(
      `[${call('"id":1')},${call('"id":"1"')},${call('')},${call('')},${call('"id":null')}]`,
    );
    expect(elements.every(({ kind }) => kind === 'request')).toBe(true);
  });

  test('never answers twice under one id, also when the first call was invalid (J12)', () => {
    const wrong = '{"jsonrpc":"1.0","method":"a.b","id":5}';
    expect(batch(`[${wrong},${call('"id":5')},${wrong}]`)).toEqual([
      { kind: 'invalid', id: 5 },
      invalid,
      invalid,
    ]);
  });
});

describe('the examples of JSON-RPC 2.0 section 7', () => {
  interface Example {
    readonly name: string;
    readonly send: string;
    readonly expect: unknown;
  }
  const file = new URL('../../suites/jsonrpc-2.0-spec-examples/examples.json', import.meta.url);
  const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: readonly Example[] };

  /** Who gets an answer, and whether it is already sure to be an error: what can be told before any method is called. */
  function answers(send: string): unknown {
    let envelope: Envelope;
    try {
      envelope = envelopeOf(send);
    } catch (error) {
      if (error instanceof JsonRefused) return { id: null, code: -32700 };
      throw error;
    }
    if (envelope.kind === 'invalid') return { id: null, code: -32600 };
    if (envelope.kind === 'single') return answer(envelope.element);
    const all = envelope.elements.map(answer).filter((one) => one !== null);
    return all.length === 0 ? null : all;
  }

  function answer(element: EnvelopeElement): { id: unknown; code?: number } | null {
    if (element.kind === 'invalid') return { id: element.id, code: -32600 };
    return element.request.id === undefined ? null : { id: element.request.id };
  }

  /** The expected answers in the same terms; "method not found" is not for the envelope to say. */
  function expected(reply: unknown): unknown {
    if (reply === null) return null;
    if (Array.isArray(reply)) return reply.map(expected);
    const { id, error } = reply as { id: unknown; error?: { code: number } };
    return error === undefined || error.code === -32601 ? { id } : { id, code: error.code };
  }

  test('are there as a whole', () => {
    expect(cases).toHaveLength(15);
  });

  test.each(cases)('$name is answered as it says, or not at all (J10)', ({ send, expect: reply }) => {
    expect(answers(send)).toEqual(expected(reply));
  });
});
