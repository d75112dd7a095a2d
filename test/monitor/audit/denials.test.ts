import { expect, test } from 'vitest';
import { createDenials, type RepeatedDenials } from '../../../src/monitor/audit/denials.ts';

interface Counting {
  readonly told: RepeatedDenials[];
  readonly denied: (uid: number, session?: number) => void;
  wait(ms: number): void;
}

function count(threshold: number, maximumIdentities = 10): Counting {
  const told: RepeatedDenials[] = [];
  let now = 5_000;
  const denied = createDenials(
    {
      threshold: () => threshold,
      windowMs: () => 1_000,
      maximumIdentities,
      write: (denials) => void told.push(denials),
    },
    () => now,
  );
  return {
    told,
    denied: (uid, session = 1) => denied(uid, session),
    wait(ms) {
      now += ms;
    },
  };
}

test('a user who is denied again and again is told of once in a window, with the session of the last', () => {
  const { told, denied, wait } = count(3);
  for (let session = 1; session <= 10; session += 1) denied(1000, session);
  expect(told).toMatchObject([{ uid: 1000, session: 3, total: 3 }]);
  wait(999);
  denied(1000);
  expect(told).toHaveLength(1);
  wait(1);
  for (let times = 0; times < 3; times += 1) denied(1000);
  expect(told).toHaveLength(2);
});

test('denials of several users, or over more than a window, are not repeated ones', () => {
  const { told, denied, wait } = count(3);
  for (const uid of [1000, 1001, 1002]) for (let times = 0; times < 2; times += 1) denied(uid);
  wait(1_000);
  for (const uid of [1000, 1001, 1002]) denied(uid);
  expect(told).toEqual([]);
});

test('users beyond the table share one count, and have places again when others’ windows have ended (invariant 14)', () => {
  const { told, denied, wait } = count(2, 2);
  for (const uid of [1, 2, 3, 4]) denied(uid);
  expect(told).toMatchObject([{ uid: null, total: 2 }]);
  wait(1_000);
  for (const uid of [5, 5]) denied(uid);
  expect(told.at(-1)).toMatchObject({ uid: 5, total: 2 });
});
