import { describe, expect, test } from 'vitest';
import { behind, prefixed } from '../../../../src/broker/scrub/rules/prefixed.ts';
import { base62, hex } from '../../../../src/broker/scrub/rules/shapes.ts';
import { matchesOfRule } from '../../../support/matches-of-rule.ts';

const BODY = base62(20).example;

describe('a secret that is told by how it begins', () => {
  const rule = prefixed('acme-token', 'acm_ acq_', base62(20));

  test.each([
    `acm_${BODY}`,
    `"acq_${BODY}"`,
    `token=acm_${BODY};`,
    `a\\nacm_${BODY}\\n`,
    `a%3Dacm_${BODY}%26`,
    `\u001b[31macm_${BODY}\u001b[0m`,
  ])('is found in %s', (line) => {
    expect(matchesOfRule(rule, line)).toEqual([expect.stringMatching(/^ac[mq]_[A-Za-z0-9]{20}$/)]);
  });

  test.each([`xacm_${BODY}`, `acm_${BODY}abc`, 'acm_xxxxxxxxxxxxxxxxxxxx', 'acm_short'])(
    'is not seen in %s',
    (line) => {
      expect(matchesOfRule(rule, line)).toEqual([]);
    },
  );

  test('needs no border in front where the prefix is in no word', () => {
    expect(matchesOfRule(prefixed('acme-token', 'acme_pat_', base62(20)), `xacme_pat_${BODY}`)).toEqual([
      `acme_pat_${BODY}`,
    ]);
  });
});

describe('a secret behind a text that stays', () => {
  const rule = behind('acme-session', '_acme=', hex(32));

  test('is found without that text, whose letters count in upper and lower case', () => {
    const secret = hex(32).example;
    expect(matchesOfRule(rule, `Cookie: _acme=${secret}; x`)).toEqual([secret]);
    expect(matchesOfRule(rule, `Cookie: _ACME=${secret}; x`)).toEqual([secret]);
    expect(matchesOfRule(rule, `acme=${secret}`)).toEqual([]);
  });
});
