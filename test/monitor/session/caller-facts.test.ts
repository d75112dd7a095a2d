import { expect, test } from 'vitest';
import { callerFacts } from '../../../src/monitor/session/caller-facts.ts';
import type { KnownCaller } from '../../../src/monitor/session/known-caller.ts';
import { encodeFields } from '../../../src/shared/audit/fields.ts';
import { LINE_BYTES_MAXIMUM } from '../../../src/shared/audit/record.ts';

const caller: KnownCaller = {
  ...{ uid: 1000, gid: 27, groups: [4, 27, 30], pid: 7, unit: null },
  ...{ pidProven: true, pidStart: 5, loginUid: 1000, loginSession: 3, container: null },
};

test('names are those that the configuration has resolved, of the groups that are named; none is looked up for a call (N8)', () => {
  const users = [
    { name: 'bob', id: 1001 },
    { name: 'alice', id: 1000 },
  ];
  const groups = [
    { name: 'adm', id: 4 },
    { name: 'sudo', id: 27 },
    { name: 'dip', id: 30 },
  ];
  expect(callerFacts(caller, { users, groups }, 2)).toMatchObject({
    ...{ user: 'alice', groups: [4, 27], group_count: 3, group_names: { 4: 'adm', 27: 'sudo' } },
    ...{ login_uid: 1000, login_session: 3, pid_start: 5, pid_proven: true },
  });
  expect(callerFacts(caller, { users: [], groups: [] }, 32)).toMatchObject({ user: null, group_names: {} });
});

test('a caller in as many groups as the kernel has, with the longest names, fits into a record (invariant 14)', () => {
  const groups = Array.from({ length: 65_536 }, (_, index) => 2_147_418_111 + index);
  const names = groups.slice(0, 4_096).map((id) => ({ name: '"'.repeat(256), id }));
  const facts = callerFacts({ ...caller, groups }, { users: [], groups: names }, 256);
  expect(facts['group_count']).toBe(65_536);
  expect(encodeFields(facts).length).toBeLessThan(LINE_BYTES_MAXIMUM / 2);
});
