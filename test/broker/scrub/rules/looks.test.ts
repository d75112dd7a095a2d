import { describe, expect, test } from 'vitest';
import { behind, hexOf, lettersAndDigits, looks } from '../../../../src/broker/scrub/rules/looks.ts';
import { hex, lower, mixed } from '../../../../src/broker/scrub/rules/samples.ts';
import { createScrubber } from '../../../../src/broker/scrub/scrubber.ts';

const plain = createScrubber([]);
const stripe = `sk_live_${mixed(24)}`;

function found({ pattern }: { readonly pattern: RegExp }, text: string): boolean {
  pattern.lastIndex = 0;
  return pattern.test(text);
}

describe('secrets that are told by their looks', () => {
  const rule = looks('acme-token', 'acme_', /(?<![A-Za-z0-9])acme_[a-z0-9]{8}/dg, `acme_${lower(8)}`);

  test.each([
    ['a quote', '"'],
    ['a line break of a string', 'line\\n'],
    ['a quote of a URL', '%22'],
    ['a colour of a terminal', '\x1b[32m'],
  ])('are found right behind %s', (_name, before) => {
    expect(found(rule, `${before}acme_${lower(8)}`)).toBe(true);
  });

  test('are not found within a word', () => {
    expect(found(rule, `pacme_${lower(8)}`)).toBe(false);
  });

  test('survive where a documentation writes a row of x', () => {
    expect(plain.text(`key: sntryu_${'x'.repeat(64)}`).text).not.toContain('sentry');
  });

  test('are masked in a line of a log, in JSON, in a URL and in a command', () => {
    for (const text of [
      `2026-11-22 05:00 charged with ${stripe}, done`,
      `{"stripe":"${stripe}"}`,
      `https://example.com/?stripe=${stripe}&x=1`,
      `curl -u ${stripe}: https://example.com`,
    ])
      expect(plain.text(text).text).not.toContain(stripe);
  });
});

describe('secrets behind the name of their provider', () => {
  const rule = behind('acme-key', 'acme', hexOf(32), hex(32));

  test('are found where that name is a word of its own', () => {
    expect(found(rule, `ACME_KEY=${hex(32)}`)).toBe(true);
    expect(found(rule, `my_acme: ${hex(32)}`)).toBe(true);
    expect(found(rule, `tacmed: ${hex(32)}`)).toBe(false);
  });

  test('of letters and digits have a digit, so that no long word is one', () => {
    const word = new RegExp(`^${lettersAndDigits(15)}$`);
    expect(word.test(lower(15))).toBe(true);
    expect(word.test('synchronization')).toBe(false);
  });
});
