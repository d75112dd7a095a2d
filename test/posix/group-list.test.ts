import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { groupsOfUser } from '../../src/posix/group-list.ts';

test('every account of the host has the groups that id(1) tells', () => {
  const rows = readFileSync('/etc/passwd', 'utf8')
    .trimEnd()
    .split('\n')
    .map((row) => row.split(':'));
  for (const [name = '', , , gid] of rows) {
    const told = spawnSync('id', ['-G', name], { encoding: 'utf8' }).stdout.trim().split(' ').map(Number);
    expect(groupsOfUser(name, Number(gid)).toSorted()).toEqual(told.toSorted());
  }
});

test('a user who is in no group has the one that is given', () => {
  expect(groupsOfUser('no-such-user-of-this-host', 4242)).toEqual([4242]);
});
