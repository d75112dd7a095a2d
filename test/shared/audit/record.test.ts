import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { AuditFields } from '../../../src/shared/audit/fields.ts';
import {
  LINE_BYTES_MAXIMUM,
  NO_HASH,
  parseRecord,
  prepareRecord,
  recordedHost,
  sealRecord,
} from '../../../src/shared/audit/record.ts';

const AT = {
  time: '2026-01-02T03:04:05.678901Z',
  monotonicNanoseconds: '123456789',
  boot: 'c5456ee4-1f33-4d89-8ae4-378f00b84f8f',
  host: 'web-1.example',
  writer: 4711,
};

function lineOf(facts: AuditFields, claims: AuditFields = {}): string {
  return sealRecord(prepareRecord(AT, 'call-start', facts, claims), 7, NO_HASH).line;
}

function parse(line: string): ReturnType<typeof parseRecord> {
  return parseRecord(Buffer.from(line.replace(/\n$/, '')));
}

const HOSTILE = [
  'a\nb',
  'a\r\nb',
  '\u2028{"version":1}\u2029',
  '\u0085next line',
  '\u001b[2Jcleared',
  '\u009b2J',
  '\u007f\u0000\u0008',
  '","hash":"',
  '\ud800 alone',
  '"}\n{"version":1,"seq":8}',
  '__proto__',
  'ünïcödé 😀',
];

describe('a record', () => {
  test.each(HOSTILE)('is one line of printable bytes whatever a field holds: %j (A4)', (text) => {
    const line = lineOf({ [text]: text, list: [text, { [text]: null }] }, { reason: text });
    expect(line.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
    expect(line.split('\n')).toHaveLength(2);
    expect(parse(line).claims['reason']).toBe(text);
  });

  test('reads back as it was written', () => {
    const facts = {
      session: 3,
      ratio: 0.5,
      negative: -0,
      none: null,
      list: [1, true, 'x'],
      inner: { a: { b: 1 } },
    };
    expect(parse(lineOf(facts, { call: 1 }))).toMatchObject({
      ...{ seq: 7, event: 'call-start', prev: NO_HASH, ...AT },
      ...{ facts: { ...facts, negative: 0 }, claims: { call: 1 } },
    });
  });

  test.each([
    ['a number that is not finite', { value: Number.NaN }],
    ['nesting without end', Array.from({ length: 20 }).reduce<AuditFields>((inner) => ({ inner }), {})],
    ['an object that is not plain', { value: new Date(0) as never }],
    ['undefined', { value: undefined as never }],
    ['more than a line may hold', { value: 'x'.repeat(LINE_BYTES_MAXIMUM) }],
  ])('is refused rather than written as something else: %s', (_title, facts: AuditFields) => {
    expect(() => lineOf(facts)).toThrow(/^Cannot write the audit record: /);
  });

  test('is refused where its event is not a word', () => {
    expect(() => prepareRecord(AT, 'x","facts":{', {}, {})).toThrow('its event is not a word');
  });
});

describe('a line is no record', () => {
  const good = lineOf({ a: 1, b: 'é' }, { call: 1 });
  const reseal = (body: string): string => {
    const sealed = good.replace(/^.*(?=,"prev")/, body);
    return resealed(sealed);
  };
  const head = good.slice(0, good.indexOf('"facts"'));

  test.each([
    ['spaces', reseal(`${head}"facts":{"a": 1,"b":"é"},"claims":{"call":1}`)],
    ['a duplicate key', reseal(`${head}"facts":{"a":1,"a":1},"claims":{"call":1}`)],
    ['another order', reseal(`${head}"claims":{"call":1},"facts":{"a":1}`)],
    ['another escape', reseal(`${head}"facts":{"a":1,"b":"\\u00e9"},"claims":{"call":1}`)],
    ['a member more', reseal(`${head}"facts":{"a":1},"claims":{},"more":1`)],
    ['no claims', reseal(`${head}"facts":{"a":1}`)],
    ['a host’s name with a space', resealed(good.replace('web-1.example', 'web 1'))],
    ['a host’s name that is too long', resealed(good.replace('web-1.example', 'w'.repeat(65)))],
    ['no host', resealed(good.replace('web-1.example', ''))],
    ['a writer that is none', resealed(good.replace('"writer":4711', '"writer":0'))],
    ['a writer as text', resealed(good.replace('"writer":4711', '"writer":"4711"'))],
    ['bytes that are not UTF-8', 'latin1'],
    ['another hash', good.replace(/"hash":"./, '"hash":"g')],
    ['a wrong hash', good.replace('"a":1', '"a":2')],
    ['an end that is cut', good.slice(0, -3)],
    ['nothing', ''],
  ])('with %s', (title, line) => {
    const bytes = title.startsWith('bytes')
      ? Buffer.from(good.trimEnd(), 'latin1')
      : Buffer.from(line.trimEnd());
    expect(() => parseRecord(bytes)).toThrow(/^Cannot read the audit record: /);
  });
});

test.each([
  ['web-1.example.org', 'web-1.example.org'],
  ['Web_1', 'Web_1'],
  ['two words', 'two-words'],
  ['","event":"', '---event---'],
  ['bücher', 'b-cher'],
  ['x'.repeat(300), 'x'.repeat(64)],
  ['', '-'],
])('a host named %j is %j in records, so that no name of a host can change one (A4)', (name, recorded) => {
  expect(recordedHost(name)).toBe(recorded);
  const line = sealRecord(prepareRecord({ ...AT, host: recorded }, 'session', {}, {}), 7, NO_HASH).line;
  expect(parse(line).host).toBe(recorded);
});

function resealed(line: string): string {
  const body = line.slice(0, line.lastIndexOf(',"hash":"'));
  return `${body},"hash":"${hashText(body)}"}\n`;
}

function hashText(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
