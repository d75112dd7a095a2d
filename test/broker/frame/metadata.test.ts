import { describe, expect, test } from 'vitest';
import { readMetadata } from '../../../src/broker/frame/metadata.ts';
import { parseJson } from '../../../src/shared/json/parse.ts';
import type { JsonObject } from '../../../src/shared/json-value.ts';

const none = {
  traceparent: undefined,
  progressToken: undefined,
  timeoutMs: undefined,
  reply: false,
  raw: false,
};
const trace = '0af7651916cd43dd8448eb211c80319c';
const span = 'b7ad6b7169203331';

function params(text: string): JsonObject {
  return parseJson(Buffer.from(text), { depth: 64, keys: 100 }) as JsonObject;
}

function metadataOf(text: string): unknown {
  const reading = readMetadata(params(`{"_meta":${text}}`));
  return reading.kind === 'read' ? reading.metadata : { at: reading.at, rule: reading.rule };
}

describe('params', () => {
  test('come out without _meta, as an object without a prototype (invariant 4)', () => {
    const reading = readMetadata(params('{"path":"/","_meta":{"reply":true},"constructor":{"_meta":1}}'));
    expect(reading).toMatchObject({ kind: 'read', metadata: { ...none, reply: true } });
    const rest = reading.kind === 'read' ? reading.params : undefined;
    expect(rest).toEqual(params('{"path":"/","constructor":{"_meta":1}}'));
    expect(Object.getPrototypeOf(rest)).toBeNull();
  });

  test('without _meta, by position or absent, are the same value as before', () => {
    for (const given of [params('{"a":1}'), [{ _meta: { reply: true } }], undefined]) {
      const reading = readMetadata(given);
      expect(reading).toEqual({ kind: 'read', metadata: none, params: given });
      expect(reading.kind === 'read' && reading.params).toBe(given);
    }
  });
});

describe('metadata', () => {
  test('is read key by key', () => {
    expect(
      metadataOf(
        `{"traceparent":"00-${trace}-${span}-01","progressToken":"p","timeoutMs":1500,"reply":true,"raw":true}`,
      ),
    ).toEqual({
      traceparent: { traceId: trace, spanId: span },
      progressToken: 'p',
      timeoutMs: 1500,
      reply: true,
      raw: true,
    });
  });

  test('of other servers is ignored', () => {
    expect(metadataOf('{"other.example/key":[1],"constructor":1,"Reply":3}')).toEqual(none);
  });

  test.each(['null', '[]', '"x"', '1'])('cannot be %s', (text) => {
    expect(metadataOf(text)).toEqual({ at: '/_meta', rule: 'type' });
  });

  test.each([
    ['traceparent', '1', 'type'],
    ['traceparent', 'null', 'type'],
    ['traceparent', '"x"', 'format'],
    ['progressToken', 'null', 'type'],
    ['progressToken', '1.5', 'type'],
    ['progressToken', '1e300', 'type'],
    ['progressToken', '{}', 'type'],
    ['timeoutMs', '"5"', 'type'],
    ['timeoutMs', '1.5', 'type'],
    ['timeoutMs', '0', 'minimum'],
    ['timeoutMs', '-0', 'minimum'],
    ['timeoutMs', '-1', 'minimum'],
    ['timeoutMs', '2147483648', 'maximum'],
    ['timeoutMs', '1e300', 'maximum'],
    ['reply', '1', 'type'],
    ['reply', 'null', 'type'],
    ['raw', '"true"', 'type'],
    ['reason', '1', 'type'],
    ['reason', '""', 'minLength'],
    ['reason', `"${'x'.repeat(257)}"`, 'maxLength'],
    ['reason', '"two\\nlines"', 'format'],
    ['reason', '"\\u001b[2J"', 'format'],
    ['reason', '"right to \\u202eleft"', 'format'],
    ['reason', '"a line\\u2028and another"', 'format'],
  ])('refuses %s: %s and names the place', (key, value, rule) => {
    expect(metadataOf(`{"${key}":${value}}`)).toEqual({ at: `/_meta/${key}`, rule });
  });

  test.each(['0', '-7', '9007199254740991', '""'])('takes the progress token %s', (token) => {
    expect(metadataOf(`{"progressToken":${token}}`)).toMatchObject({ progressToken: JSON.parse(token) });
  });

  test('takes a progress token of at most 256 bytes of UTF-8', () => {
    expect(metadataOf(`{"progressToken":"${'é'.repeat(128)}"}`)).toMatchObject({
      progressToken: 'é'.repeat(128),
    });
    expect(metadataOf(`{"progressToken":"${'é'.repeat(129)}"}`)).toEqual({
      at: '/_meta/progressToken',
      rule: 'maxLength',
    });
  });

  test.each(['ticket 4711', 'Prüfung für #12', '保守', '"quoted" \\ {json}', 'x'.repeat(256)])(
    'takes the reason %s',
    (reason) => {
      expect(metadataOf(JSON.stringify({ reason }))).toMatchObject({ reason });
    },
  );

  test.each([1, 2_147_483_647])('takes a time limit of %d ms', (timeoutMs) => {
    expect(metadataOf(`{"timeoutMs":${timeoutMs}}`)).toMatchObject({ timeoutMs });
  });
});
