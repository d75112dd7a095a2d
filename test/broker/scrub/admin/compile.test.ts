import { expect, test } from 'vitest';
import { growth } from '../../../support/growth.ts';
import { compiled, scrubberWith } from './settings.ts';

const staff = { id: 'staff', keywords: ['emp-'], pattern: 'EMP-[0-9]{8}' };
const withPattern = (pattern: string) => ({ rules: [{ ...staff, pattern }] });

test.each<[string, object, RegExp]>([
  [
    'with the id of a rule of driverd',
    { rules: [{ ...staff, id: 'url-password' }] },
    /:2: scrub\.rules\.0\.id: url-password is a rule of driverd's own$/,
  ],
  ['with the name of what is no pattern', { rules: [{ ...staff, id: 'private-key' }] }, /own$/],
  ['with the name of the budget', { rules: [{ ...staff, id: 'scrub-budget' }] }, /own$/],
  [
    'with an id that no mark can hold',
    { rules: [{ ...staff, id: 'a b' }] },
    /scrub\.rules\.0\.id: must match/,
  ],
  ['twice', { rules: [staff, staff] }, /scrub\.rules\.1\.id: there are two rules staff$/],
  ['without a keyword', { rules: [{ ...staff, keywords: [] }] }, /scrub\.rules\.0\.keywords/],
  [
    'with a keyword of two characters',
    { rules: [{ ...staff, keywords: ['em'] }] },
    /keywords\.0: must match/,
  ],
  [
    'with a keyword beyond ASCII',
    { rules: [{ ...staff, keywords: ['schlüssel'] }] },
    /keywords\.0: must match/,
  ],
  ['with a pattern that is none', withPattern('EMP-('), /scrub\.rules\.0\.pattern: missing closing \)/],
  ['that looks ahead', withPattern('EMP-(?=1)[0-9]+'), /pattern: it looks around/],
  ['that looks behind', withPattern('(?<!x)EMP-[0-9]+'), /pattern: it looks around/],
  ['that refers back', withPattern('EMP-([0-9])\\1'), /pattern: it refers back to a group/],
  ['with a repetition that is too large', withPattern('EMP-[0-9]{2000}'), /repetitions make it too large/],
  [
    'with repetitions that multiply (hostile)',
    withPattern('((a{0,1000}){0,1000}){0,1000}'),
    /repetitions make it too large/,
  ],
  [
    'with repetitions that multiply within RE2’s own bound',
    withPattern('((ab{0,9}){0,9}){1,9}'),
    /repetitions make it too large/,
  ],
  ['that matches the empty text', withPattern('[0-9]*'), /it matches the empty text/],
  ['with an exception that is no pattern', { rules: [{ ...staff, allow: '(' }] }, /scrub\.rules\.0\.allow: /],
  [
    'with an example that it does not match',
    { rules: [{ ...staff, examples: ['EMP-12345678', 'EMP-1'] }] },
    /scrub\.rules\.0\.examples\.1: the pattern does not match it/,
  ],
  [
    'with an example that no keyword stands in',
    { rules: [{ ...staff, keywords: ['other'], examples: ['EMP-12345678'] }] },
    /none of the keywords/,
  ],
  [
    'with an example of two lines',
    { rules: [{ ...staff, examples: ['EMP-\n12345678'] }] },
    /must be one line/,
  ],
  [
    'with an example that its exception leaves',
    { rules: [{ ...staff, allow: '0{8}', examples: ['EMP-00000000'] }] },
    /is left, by/,
  ],
  [
    'with an example of too little entropy',
    { rules: [{ ...staff, minimum_entropy: 4, examples: ['EMP-00000000'] }] },
    /is left, by/,
  ],
])('a rule %s is refused with its place', (_what, scrub, expected) => {
  expect(() => compiled(scrub)).toThrow(expected);
});

test.each<[string, object, RegExp]>([
  [
    'of a rule that does not exist',
    { allow: [{ text: 'x', rules: ['url-pasword'] }] },
    /scrub\.allow\.0\.rules\.0: there is no rule url-pasword; did you mean url-password\?$/,
  ],
  ['of private keys', { allow: [{ text: 'x', rules: ['private-key'] }] }, /private keys are masked always/],
  ['by nothing', { allow: [{ rules: ['url-password'] }] }, /scrub\.allow\.0/],
  ['by text and pattern', { allow: [{ text: 'x', pattern: 'x' }] }, /scrub\.allow\.0/],
  [
    'by a pattern that is none',
    { allow: [{ pattern: '[' }] },
    /scrub\.allow\.0\.pattern: missing closing \]/,
  ],
])('an exception %s is refused with its place', (_what, scrub, expected) => {
  expect(() => compiled(scrub)).toThrow(expected);
});

test.each([['(a+)+$'], ['(a|a)*b'], ['(a|aa)+$'], ['(?:a?){300}a{300}']])(
  'a pattern that backtracks without end elsewhere, %s, takes time that grows with the text (C6)',
  (pattern) => {
    const rules = [{ id: 'hostile', keywords: ['aaa'], pattern }];
    expect(growth(2_000, (units) => scrubberWith({ rules }).text(`${'a'.repeat(units)}!`))).toBeLessThan(20);
  },
);
