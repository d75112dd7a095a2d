import { expect, test } from 'vitest';
import { createClock } from '../../../src/monitor/audit/clock.ts';
import type { NoticePipe } from '../../../src/monitor/audit/notice-pipe.ts';
import { answerGroup, createQueue } from '../../../src/monitor/audit/queue.ts';
import { prepareRecord } from '../../../src/shared/audit/record.ts';

const HEAD = { seq: 0, hash: '0'.repeat(64), bytes: 0 };
const clock = createClock();

function playedPipe(): NoticePipe {
  return { take: () => 1, giveBack: () => undefined, close: () => undefined };
}

test('the notice of a group is for one broker; of the records of another, and of those that are told to nobody, it says so', () => {
  const queue = createQueue();
  const [one, other] = [playedPipe(), playedPipe()];
  const told: [number, boolean][] = [];
  for (const [serial, pipe] of [one, other, null, one].entries())
    queue.push({
      record: prepareRecord(clock.now(), 'session', {}, {}),
      durable: false,
      notice: pipe && { pipe, serial },
      written: ({ isTold }) => told.push([serial, isTold]),
      refused: () => undefined,
    });
  const group = queue.takeGroup(HEAD);
  expect(group?.notice).toEqual({ pipe: one, serials: [0, 3] });
  if (group !== null) answerGroup(group, true);
  expect(told).toEqual([
    [0, true],
    [1, false],
    [2, false],
    [3, true],
  ]);
});
