import { describe, expect, test } from 'vitest';
import { createScrubber } from '../../../src/broker/scrub/scrubber.ts';
import { growth } from '../../support/growth.ts';

const value = 'pa$s"w0rd/&<x> 4%b\'c\\d~Zq9';
const scrubber = createScrubber([
  { name: 'k', value: Buffer.from(value) },
  { name: 'long', value: Buffer.from(Array.from({ length: 60 }, (_, at) => `${at * at}-value`).join('/')) },
  { name: 'a', value: Buffer.from('aaaaaaaab') },
]);
const masked = (text: string): string => scrubber.text(text).text;

describe('a value is seen through what a tool did to it', () => {
  test.each([
    ['each character a numeric entity', [...value].map((one) => `&#${one.charCodeAt(0)};`).join('')],
    [
      'each character encoded for URLs, three times',
      [...value].map((one) => `%2525${Buffer.from(one).toString('hex')}`).join(''),
    ],
    [
      'each character an escape of JavaScript',
      [...value].map((one) => `\\u00${Buffer.from(one).toString('hex')}`).join(''),
    ],
    [
      'each character an octal escape',
      [...value].map((one) => `\\${one.charCodeAt(0).toString(8).padStart(3, '0')}`).join(''),
    ],
    ['colours between the characters', [...value].join('\x1b[1;31m')],
    ['colours that `cat -v` shows', [...value].join('^[[0m')],
    ['lines of ten characters', value.replaceAll(/.{10}/g, '$&\n')],
    ['lines that end with a backslash, indented', value.replaceAll(/.{10}/g, '$&\\\n    ')],
    ['JSON, four times', [1, 2, 3, 4].reduce((text) => JSON.stringify(text).slice(1, -1), value)],
  ])('%s (C3)', (_name, text) => {
    expect(masked(`before ${text} after`)).toMatch(/^before [\\"']{0,8}\[REDACTED:k\] after$/);
  });

  test('in dumps of xxd, hexdump and od, wherever in their lines it begins (C3)', () => {
    for (let before = 0; before < 16; before += 1) {
      const bytes = Buffer.from(`${'.'.repeat(before)}${value}${'.'.repeat(20)}`);
      const lines = bytes.toString('latin1').match(/.{1,16}/g) ?? [];
      const place = (at: number, digits: number): string => (at * 16).toString(16).padStart(digits, '0');
      const pairs = (line: string): string[] =>
        Buffer.from(line, 'latin1').toString('hex').match(/../g) ?? [];
      for (const dump of [
        lines.map(
          (line, at) =>
            `${place(at, 8)}: ${pairs(line)
              .join('')
              .replaceAll(/(....)(?!$)/g, '$1 ')
              .padEnd(41)} ${line}`,
        ),
        lines.map((line, at) => `${place(at, 8)}  ${pairs(line).join(' ').padEnd(49)} |${line}|`),
        lines.map((line, at) => `${place(at, 7)}${[...line].map((one) => `   ${one}`).join('')}`),
      ]) {
        const left = masked(`${dump.join('\n')}\n`);
        expect(left.match(/\[REDACTED:k\]/g)?.length ?? 0).toBeGreaterThan(0);
        expect(left).not.toContain('w0rd');
        expect(left).not.toContain('w   0   r   d');
        expect(left.replaceAll(' ', '')).not.toContain('77307264');
      }
    }
  });

  test('but not where it is not', () => {
    for (const text of ['pa$s w0rd', 'password/x 4%', '00000000: 7061 2473 2277  pa$s"w', 'aaaaaaaaaaaaaaaa'])
      expect(masked(`${text}.`)).toBe(`${text}.`);
  });
});

test('what was cut off within a value at the end of a stream is masked, and so is half of a short one (C3)', () => {
  expect(masked(`x ${value.slice(0, 9)}`)).toBe('x [REDACTED:k]');
  expect(masked(`x ${value.slice(0, 3)}`)).toBe(`x ${value.slice(0, 3)}`);
  expect(masked('x aaaaa')).toBe('x [REDACTED:a]');
});

test('lines pass at once unless they end as a value begins', () => {
  const stream = scrubber.stream();
  const write = (text: string): string => Buffer.from(stream.write(Buffer.from(text))).toString();
  for (const line of [
    'plain\n',
    'with "quotes" and \\n %41 &amp;\n',
    'ends with p\n',
    'ends with pas\n',
    '100%\n',
  ])
    expect(write(line)).toBe(line);
  expect(write(`ends with ${value.slice(0, 8)}\n`)).toBe('');
  expect(write(`${value.slice(8)}\n`)).toBe('ends with [REDACTED:k]\n');
});

describe('what is read for nothing costs little: growth is that of the length', () => {
  test.each(['\\', '%25', '%2', '&amp;', '&', ' ', '"', 'a', '\x1b[', '^[[', 'a \n', '\\u', 'aaaa   '])(
    '%j (C6)',
    (unit) => {
      const ratio = growth(20_000, (length) => {
        const bytes = Buffer.from(unit.repeat(Math.ceil(length / unit.length)));
        const stream = scrubber.stream();
        for (let at = 0; at < bytes.length; at += 8_192) stream.write(bytes.subarray(at, at + 8_192));
        stream.end();
      });
      expect(ratio).toBeLessThan(24);
    },
  );
});
