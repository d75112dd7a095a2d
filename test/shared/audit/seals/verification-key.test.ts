import { describe, expect, test } from 'vitest';
import { makeSecret, publicKeyOf } from '../../../../src/shared/audit/seals/ed25519.ts';
import { fingerprintOf, keyText, parseKeys } from '../../../../src/shared/audit/seals/verification-key.ts';

const keys = [1, 7].map((epoch) => ({ epoch, key: publicKeyOf(makeSecret()) }));
const [first = '', seventh = ''] = keys.map(keyText);

describe('a key that is kept elsewhere', () => {
  test('is one line that says its epoch and what to compare', () => {
    expect(first).toMatch(/^driverd-audit-key 1 1 [A-Za-z0-9+/]{43}= SHA256:[A-Za-z0-9+/]{43}$/);
    expect(first).toContain(fingerprintOf(keys[0]?.key ?? Buffer.alloc(0)));
  });

  test('is read back, among others of other epochs, empty lines and comments', () => {
    expect(parseKeys(`# host a\n\n${first}\r\n${seventh}\n`)).toEqual(keys);
  });

  test.each([
    ['nothing', '', 'there is no key in it'],
    ['a comment alone', '# none\n', 'there is no key in it'],
    ['something else', `${first}\nssh-ed25519 AAAA\n`, 'line 2 is no key'],
    ['a key that was cut', first.slice(0, -1), 'line 1 is no key'],
    [
      'a key with a letter changed',
      first.replace(/1 1 (.)/, (_, x) => `1 1 ${x === 'A' ? 'B' : 'A'}`),
      'line 1 is no key',
    ],
    ['a key of another version', first.replace('key 1', 'key 2'), 'line 1 is no key'],
    ['an epoch that is none', first.replace('key 1 1', 'key 1 0'), 'line 1 is no key'],
    ['two keys of one epoch', `${first}\n${first}\n`, 'line 2 is a second key of epoch 1'],
  ])('is refused where it is %s', (_title, text, why) => {
    expect(() => parseKeys(text)).toThrow(why);
  });
});
