import { describe, expect, test } from 'vitest';
import { RULES } from '../../../src/broker/scrub/rules/all.ts';
import { createScrubber } from '../../../src/broker/scrub/scrubber.ts';

const plain = createScrubber([]);
const scrub = (text: string): string => plain.text(text).text;
const TOKEN = ['gh', 'p_aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5'].join('');

/** That of a provider's rule. */
const TOKEN_MARK = scrub(TOKEN);

describe('no rule matches a mark', () => {
  const ids = [...RULES.map(({ id }) => id), 'private-key', 'secret-member', 'DB_PASSWORD', 'api.token'];
  const marks = ids.map((id) => `[REDACTED:${id}]`);

  test('alone, in a list, in quotes, or before and behind what promises a secret', () => {
    for (const mark of marks)
      for (const text of [
        mark,
        `"${mark}"`,
        `${mark}: some words`,
        `${mark} = value-of-it-0123456789abcdef`,
        `${mark}=value-of-it-0123456789abcdef`,
        `${mark}: "${mark}"`,
        `export TOKEN=${mark}`,
        `password=${mark}`,
        `{"password":"${mark}"}`,
        `https://user:${mark}@example.com/`,
        `Authorization: Bearer ${mark}`,
      ])
        expect(scrub(text)).toBe(text);
    expect(scrub(marks.join(''))).toBe(marks.join(''));
    expect(scrub(marks.join(' = '))).toBe(marks.join(' = '));
  });

  test.each(RULES.map((rule) => [rule.id, rule] as const))(
    'that stands in the place of what %s masks',
    (id, { examples }) => {
      for (const example of examples) {
        const once = scrub(`x ${example} y\n${example}`);
        expect(once).toContain('[REDACTED:');
        expect(scrub(once)).toBe(once);
        for (const other of ['private-key', id, 'github-token']) {
          const renamed = once.replaceAll(/\[REDACTED:[^\]]+\]/g, `[REDACTED:${other}]`);
          expect(scrub(renamed)).toBe(renamed);
        }
      }
    },
  );
});

describe('what only looks like a mark hides nothing', () => {
  test.each([
    `[REDACTED:${TOKEN}]`,
    `[REDACTED:x ${TOKEN}]`,
    `[REDACTED:${TOKEN}`,
    `[REDACTED:[REDACTED:${TOKEN}]]`,
    `password=[REDACTED:x]${TOKEN}`,
  ])('%s', (text) => {
    expect(scrub(text)).not.toContain(TOKEN);
  });
});

describe('of what overlaps the most specific names the mark', () => {
  test('a known value before a rule', () => {
    const known = createScrubber([{ name: 'deploy', value: Buffer.from(TOKEN.slice(4, 20)) }]);
    expect(known.text(`password=${TOKEN} x`).text).toBe('password=[REDACTED:deploy] x');
  });

  test('a provider before a place, wherever the place begins', () => {
    expect(scrub(`password=${TOKEN} x`)).toBe(`password=${TOKEN_MARK} x`);
    expect(scrub(`password=xx-${TOKEN} x`)).toBe(`password=${TOKEN_MARK} x`);
    expect(scrub(`Cookie: a=b; token=${TOKEN}; c=d`)).toBe(`Cookie: ${TOKEN_MARK}`);
  });

  test('which is counted once, under that name', () => {
    expect([...plain.text(`password=${TOKEN} ${TOKEN}`).counts]).toEqual([
      [TOKEN_MARK.slice('[REDACTED:'.length, -1), 2],
    ]);
  });
});

test.each(['gitleaks:allow', 'secretlint-disable', 'pragma: allowlist secret', 'nosec', 'noqa'])(
  'a comment that asks for an exception means nothing: %s',
  (comment) => {
    for (const text of [`${TOKEN} # ${comment}`, `// ${comment}\n${TOKEN}`, `/* ${comment} */ ${TOKEN}`])
      expect(scrub(text)).toBe(text.replace(TOKEN, TOKEN_MARK));
  },
);
