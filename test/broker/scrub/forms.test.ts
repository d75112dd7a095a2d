import { expect, test } from 'vitest';
import { createScrubber } from '../../../src/broker/scrub/scrubber.ts';

const value = `it's <a/b> & "c" ${'0123456789 / äöü + '.repeat(12)}`;
const scrubber = createScrubber([{ name: 'token', value: Buffer.from(`${value}\n`) }]);
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const wrapped = (text: string, columns: number, end = '\n'): string =>
  base64(text).replaceAll(new RegExp(`.{${columns}}(?!$)`, 'g'), `$&${end}`);

test.each([
  ['base64 of 76 columns', wrapped(value, 76)],
  ['base64 of 76 columns, of the whole file', wrapped(`${value}\n`, 76)],
  ['base64 of 64 columns', wrapped(value, 64)],
  ['base64 of 76 columns with CRLF', wrapped(value, 76, '\r\n')],
  ['base64 of 76 columns, indented', wrapped(value, 76, '\n    ')],
  ['JSON with escaped slashes', JSON.stringify(value).slice(1, -1).replaceAll('/', '\\/')],
  [
    'JSON made safe for HTML',
    JSON.stringify(value)
      .slice(1, -1)
      .replace('<', '\\u003c')
      .replace('>', '\\u003e')
      .replace('&', '\\u0026'),
  ],
])('nothing of a value is left in %s (C3)', (_name, text) => {
  const masked = scrubber.text(`x ${text} y`).text;
  expect(masked.replaceAll('[REDACTED:token]', '').replaceAll(/\s/g, '')).toMatch(/^x[A-Za-z0-9+/]{0,3}=*y$/);
});

test('each line of wrapped base64 is masked alone', () => {
  for (const columns of [64, 76])
    for (const line of wrapped(value, columns).split('\n').slice(0, -1))
      expect(scrubber.text(`alone ${line}`).text).toBe('alone [REDACTED:token]');
});
