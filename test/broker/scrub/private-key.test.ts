import { expect, test } from 'vitest';
import { createScrubber } from '../../../src/broker/scrub/scrubber.ts';
import { growth } from '../../support/growth.ts';

const BEGIN = ['-----BEGIN PRIV', 'ATE KEY-----'].join('');
const MARK = '[REDACTED:private-key]';
const scrub = (text: string): string => createScrubber([]).text(text).text;

test.each([
  ['escaped line ends', '', '\\r', '!'],
  ['base64', '', 'AA', '!'],
  ['spaces after a header', 'a: ', '  ', '\ry'],
  ['runs of base64', '', `${'A'.repeat(15)} `, '!'],
])('a line after BEGIN is judged in time that grows with its length: %s (C6)', (_name, head, unit, end) => {
  const ratio = growth(100, (units) => {
    for (let run = 0; run < 20; run += 1) scrub(`${BEGIN}\n${head}${unit.repeat(units)}${end}\n`);
  });
  expect(ratio).toBeLessThan(20);
});

test.each([
  'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC',
  'Proc-Type: 4,ENCRYPTED',
  'ab==',
  '2026-01-02 host: MIIEvQIBADANBgkqhkiG',
  '"MIIEvQIBADANBgkqhkiG9w0BAQEF\\r\\n",',
])('a line of a key block stays within it: %s', (line) => {
  expect(scrub(`${BEGIN}\n${line}\nMIIEvQIBADANBgkqhkiG\nplain text here`)).toBe(
    `${MARK}\n${MARK}\n${MARK}\nplain text here`,
  );
});
