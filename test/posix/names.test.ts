import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { findGroup, findGroupName, findUser, findUserName } from '../../src/posix/names.ts';

const rows = (file: string): string[][] =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(':'));

test('every account of the host is found by its name and by its number', () => {
  for (const [name = '', , uid, gid] of rows('/etc/passwd')) {
    expect(findUser(name)).toEqual({ uid: Number(uid), gid: Number(gid) });
    const first = rows('/etc/passwd').find((row) => row[2] === uid)?.[0];
    expect(findUserName(Number(uid))).toBe(first);
  }
  for (const [name = '', , gid] of rows('/etc/group')) {
    expect(findGroup(name)).toBe(Number(gid));
    const first = rows('/etc/group').find((row) => row[2] === gid)?.[0];
    expect(findGroupName(Number(gid))).toBe(first);
  }
});

test('an account that does not exist is null', () => {
  expect(findUser('no-such-user-of-this-host')).toBeNull();
  expect(findGroup('no-such-group-of-this-host')).toBeNull();
  expect(findUserName(4_294_967_290)).toBeNull();
  expect(findGroupName(4_294_967_290)).toBeNull();
});
