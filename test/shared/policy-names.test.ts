import { describe, expect, test } from 'vitest';
import { namesInPolicy, POLICY_NAMES_LIMIT } from '../../src/shared/policy-names.ts';

describe('namesInPolicy', () => {
  const found: readonly (readonly [string, string, readonly string[], readonly string[]])[] = [
    ['nothing in empty text', '', [], []],
    ['a user and a group', 'User::"bob" Group::"ops"', ['bob'], ['ops']],
    ['each name once, in order', 'User::"b" User::"a" User::"b"', ['b', 'a'], []],
    ['names apart from :: by white space and comments', 'User // c "x"\n :: \t"bob"', ['bob'], []],
    ['escaped quotes and backslashes', 'User::"a\\"b\\\\c"', ['a"b\\c'], []],
    ['hexadecimal and Unicode escapes', 'User::"\\x62\\u{6f}b"', ['bob'], []],
    ['the name after a namespace, which is harmless', 'Other::User::"bob"', ['bob'], []],
    ['no name in a comment', '// User::"bob"\n', [], []],
    ['no name in a string', '"User::\\"bob\\"" == "Group"', [], []],
    ['no name of another type', 'Uid::"0" SuperUser::"bob" UserUnit::"a.service"', [], []],
    ['a name after a comment that a carriage return ends', '// c\rUser::"bob"', ['bob'], []],
    ['no name that a NUL would shorten', 'User::"root\\0x" User::"root\\u{0}"', [], []],
    ['no empty and no over-long name', `User::"" Group::"${'g'.repeat(257)}"`, [], []],
    ['a name in an unclosed string at the end', 'User::"bob', ['bo'], []],
    ['a code point that Unicode does not have left as it is', 'User::"\\u{ffffff}"', ['\\u{ffffff}'], []],
  ];
  test.each(found)('finds %s', (_what, text, users, groups) => {
    expect(namesInPolicy(text)).toEqual({ users, groups });
  });

  test('refuses more names than the limit, users and groups together (invariant 14)', () => {
    const names = Array.from({ length: POLICY_NAMES_LIMIT }, (_, index) => `User::"u${index}"`).join(' ');
    expect(namesInPolicy(`${names} User::"u0"`).users).toHaveLength(POLICY_NAMES_LIMIT);
    expect(() => namesInPolicy(`${names} Group::"one more"`)).toThrow(/^Cannot read the names in a policy: /);
  });

  test('reads a mebibyte of hostile text in one pass', () => {
    expect(namesInPolicy('\\"'.repeat(524_288))).toEqual({ users: [], groups: [] });
    expect(namesInPolicy(`"${'\\"'.repeat(524_288)}`)).toEqual({ users: [], groups: [] });
    expect(namesInPolicy('User::'.repeat(170_000))).toEqual({ users: [], groups: [] });
  });
});
